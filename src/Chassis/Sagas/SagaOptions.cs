namespace Quintet.Chassis.Sagas;

/// <summary>Section <c>Sagas</c> of a service's configuration. Read at start.</summary>
public sealed class SagaOptions
{
    /// <summary>How long ended runs can still be asked for. Default 30 days, as long as handled events.</summary>
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(30);
}
