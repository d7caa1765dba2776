namespace Quintet.Supervision.Instances;

/// <summary>A scale, deploy or restart cannot be done; the status is the control API's answer.</summary>
internal sealed class ChangeException(int status, string message, IReadOnlyList<string>? log = null) : Exception(message)
{
    public int Status => status;

    /// <summary>The last words of what failed.</summary>
    public IReadOnlyList<string> Log => log ?? [];
}
