using Quintet.Client.Consul;
using Quintet.Client.Supervisor;

namespace Quintet.Console.Parts;

/// <summary>How the system is, as far as its parts tell.</summary>
/// <param name="At">When they were asked; the default before the first time.</param>
internal sealed record SystemPicture(DateTimeOffset At)
{
    public static SystemPicture Unknown { get; } = new(default(DateTimeOffset));

    public Reading<SystemStatus> System { get; init; } = Reading<SystemStatus>.None;

    public Reading<IReadOnlyList<ServiceInstance>> Registry { get; init; } = Reading<IReadOnlyList<ServiceInstance>>.None;

    public Reading<QueuePicture> Queues { get; init; } = Reading<QueuePicture>.None;

    /// <summary>The commit that the configuration server serves; empty where it has no versions.</summary>
    public Reading<string> Configuration { get; init; } = Reading<string>.None;

    /// <summary>All processes but the console and the supervisor itself are part of the system that is watched.</summary>
    public IReadOnlyList<SystemProcess> Processes => System.Value?.Processes ?? [];

    /// <summary>What the registry knows of an instance.</summary>
    public ServiceInstance? Registered(string instance) => Registry.Value?.FirstOrDefault(i => i.Id == instance);
}
