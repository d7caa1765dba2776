namespace Quintet.Supervision.Instances;

/// <summary>Where an instance stands. <c>status</c> shows the names in small letters.</summary>
internal enum InstanceState
{
    /// <summary>Its program is being built.</summary>
    Building,

    /// <summary>Its process runs and is not ready yet.</summary>
    Starting,

    /// <summary>It answers, and a service is passing in the registry.</summary>
    Ready,

    /// <summary>It was ready and does not answer, or the registry says so; the process is left alone.</summary>
    Unhealthy,

    /// <summary>Its process ended; the next one starts after the backoff.</summary>
    Restarting,

    /// <summary>It is being drained and ended.</summary>
    Stopping,

    /// <summary>It ended for good.</summary>
    Stopped,

    /// <summary>It cannot be built, or ended again and again without ever being ready.</summary>
    Failed,
}
