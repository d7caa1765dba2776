using System.ComponentModel.DataAnnotations;

namespace Quintet.Chassis.Calls;

/// <summary>Section <c>Calls</c> of a service's configuration: what every <see cref="HttpClient"/> of the factory keeps to. Read at start.</summary>
public sealed class CallOptions
{
    /// <summary>
    /// How long a call may take in all, its repetitions and the pauses between included. Default 10 s, as long as a person stays with what they
    /// wait for; at most 100 s, <see cref="HttpClient"/>'s own.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:40")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one try may take. Default 3 s: three tries fit into the whole.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:40")]
    public TimeSpan TryTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How often GET, HEAD and OPTIONS are repeated at most. Default 2, three tries; 0 repeats nothing.</summary>
    [Range(0, 5)]
    public int RetriesMax { get; set; } = 2;

    /// <summary>
    /// The pause before the first repetition, doubled for the second; a random share of up to a half is taken off, so that callers do not come
    /// back together. Default 100 ms, short beside a try: the repetition goes to another instance.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How many repetitions each call earns. Default 0.1: a service in trouble gets a tenth more calls, not three times as many.</summary>
    [Range(0.0, 1.0)]
    public double RetryShare { get; set; } = 0.1;

    /// <summary>How many repetitions are saved up at most, by service. Default 10, so that a quiet caller can repeat at all.</summary>
    [Range(0, 1000)]
    public int RetryBurst { get; set; } = 10;

    /// <summary>
    /// How many calls to one service may be in hand at once; the others wait for <see cref="CrowdWait"/> and then fail. Default 64: at 10 ms a
    /// call that is 6,400 calls a second, more than one instance answers, and a quarter of the requests that a service takes
    /// (<c>Load:InHandMax</c>), so that three other services can still be called while one hangs.
    /// </summary>
    [Range(1, 10_000)]
    public int InHandMax { get; set; } = 64;

    /// <summary>How long a call waits for room before it fails. Default 100 ms: a burst passes, a service that hangs does not hold its callers.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan CrowdWait { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>When a service is left alone.</summary>
    public BreakerOptions Breaker { get; set; } = new();
}

/// <summary>Section <c>Calls:Breaker</c>.</summary>
public sealed class BreakerOptions
{
    /// <summary>
    /// The share of failed tries (no connection, too late, 5xx, 408, 429) that opens the breaker. Default 0.5: half of the instances are down, or
    /// all are ill.
    /// </summary>
    [Range(0.01, 1.0)]
    public double FailureRatio { get; set; } = 0.5;

    /// <summary>How many tries <see cref="Window"/> must have seen. Default 20, so that two failures in a quiet hour open nothing.</summary>
    [Range(2, 10_000)]
    public int TriesMin { get; set; } = 20;

    /// <summary>How far back tries count. Default 10 s, the whole of a call.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the service is left alone; then one call tries it. Default 2 s, about a restart.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan Pause { get; set; } = TimeSpan.FromSeconds(2);
}
