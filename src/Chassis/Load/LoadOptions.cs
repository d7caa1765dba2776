using System.ComponentModel.DataAnnotations;

namespace Quintet.Chassis.Load;

/// <summary>Section <c>Load</c> of a service's configuration. Read at start.</summary>
public sealed class LoadOptions
{
    /// <summary>
    /// How many requests may be in hand at once; one more is answered 503 at once. Default 256: a service on its own database answers some
    /// thousand requests a second on one core, so that the last of 256 waits a quarter of a second, and with bodies of at most 1 MiB they
    /// hold 256 MiB at worst. A service whose requests wait long for others (event streams, long polls) needs more.
    /// </summary>
    [Range(1, 100_000)]
    public int InHandMax { get; set; } = 256;

    /// <summary>What <c>Retry-After</c> then says. Default 1 s, its smallest unit: the requests in hand are done by then.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);
}
