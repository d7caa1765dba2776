using Quintet.Supervision.Logs;

namespace Quintet.Supervision;

/// <summary>The supervisor's times and limits.</summary>
internal sealed record SupervisionOptions
{
    /// <summary>Wait before the first restart of a process that ended; doubled with each further one. Short: most ends are single.</summary>
    public TimeSpan BackoffFirst { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait before a restart: a broken program then costs a start every ten seconds and is back soon after it is mended.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A process that was up for this long begins with the first wait again.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Ends in a row, without having been ready in between, after which the state is "failed". It is still tried again.</summary>
    public int FailedAfter { get; init; } = 5;

    /// <summary>How often a starting process is asked whether it is ready.</summary>
    public TimeSpan StartingProbe { get; init; } = TimeSpan.FromMilliseconds(80);

    /// <summary>How often a ready process is asked. The registry asks services more often than that.</summary>
    public TimeSpan SteadyProbe { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often one is asked that was ready and is not.</summary>
    public TimeSpan UnhealthyProbe { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a probe may take.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a call to the registry on an instance's behalf may take before it is put off.</summary>
    public TimeSpan RegistryTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Wait before a deregistration is tried again that the registry did not answer; doubled with each further one, and jittered.</summary>
    public TimeSpan WithdrawFirst { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest such wait: a registry that is back holds a dead instance for no longer.</summary>
    public TimeSpan WithdrawMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the end of a system waits for deregistrations: its registry goes next, and their checks fail in one that does not.</summary>
    public TimeSpan WithdrawDeadline { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>From writing a box's settings until it works by them. It watches the file and waits 250 ms for the writer to finish.</summary>
    public TimeSpan SettingsReload { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>From taking an instance out of the registry to SIGTERM: the gateway and other callers learn of it in this time.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>From SIGTERM to SIGKILL. The boxes and the chassis give requests in flight 10 s.</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How long the new instances of a deploy, a scale or a restart may take to become ready.</summary>
    public TimeSpan ReadyDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a start waits for a state that another process holds and no living supervisor runs.</summary>
    public TimeSpan StateWait { get; init; } = TimeSpan.FromSeconds(10);

    public LogLimits Logs { get; init; } = new();
}
