using System.Diagnostics;
using Quintet.Load.Brokers;
using Quintet.TestKit.Traffic;

namespace Quintet.Load.Scenarios;

/// <summary>One broker that runs, and how long to measure it.</summary>
internal sealed class Session(BrokerUnderTest broker, Amounts amounts, CancellationToken cancellation) : IDisposable
{
    private readonly LoadConnection _control = LoadConnection.Open(broker.Port);

    public BrokerUnderTest Broker => broker;

    public Amounts Amounts => amounts;

    /// <summary>For declaring and deleting.</summary>
    public LoadConnection Control => _control;

    public CancellationToken Cancellation => cancellation;

    public Meter Measure() => new(broker);

    /// <summary>Runs blocking work on a thread of its own.</summary>
    public Task Apart(Action work) => Task.Factory.StartNew(work, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static long In(double seconds) => Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);

    public void Dispose() => _control.Dispose();
}

/// <summary>How much of everything.</summary>
internal sealed record Amounts
{
    public static readonly Amounts Whole = new();

    public static readonly Amounts Short = new()
    {
        Rounds = 1, WarmUpSeconds = 0.3, Seconds = 1, PacedSeconds = 2, LoneConfirms = 200, Drained = 30_000, Queued = 100_000, Queues = 200, Idle = 200,
        QueuedMore = 0,
    };

    public int Rounds { get; init; } = 3;

    public double WarmUpSeconds { get; init; } = 0.7;

    public double Seconds { get; init; } = 3;

    public double PacedSeconds { get; init; } = 6;

    public int LoneConfirms { get; init; } = 1_000;

    public int Drained { get; init; } = 120_000;

    public int Queued { get; init; } = 1_000_000;

    /// <summary>The backlog that only some brokers are asked for; 0 for none.</summary>
    public int QueuedMore { get; init; } = 10_000_000;

    public int Queues { get; init; } = 1_000;

    public int Idle { get; init; } = 1_000;
}
