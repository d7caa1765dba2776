using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Registry.BlockingQueries;
using Quintet.Registry.Tables;
using Quintet.Registry.Telemetry;

namespace Quintet.Registry.Storage;

/// <summary>
/// The only writer. Its thread takes all writes that wait, makes the next state from them one after another, puts them on disk with
/// one sync, and only then publishes the state, wakes the watchers and answers: what a reader has seen is never lost.
/// Guarded by _gate: _waiting, _waitingBytes, _isClosed. Only the writer's thread touches _log after start.
/// </summary>
internal sealed partial class CommitLoop(
    IOptions<RegistryOptions> options, Disk disk, Watches watches, LockDelays lockDelays,
    RegistryMetrics metrics, IHostApplicationLifetime lifetime, ILogger<CommitLoop> logger)
    : IHostedService, IDisposable
{
    private readonly Lock _startGate = new();
    private readonly object _gate = new();
    private List<PendingWrite> _waiting = [];
    private long _waitingBytes;
    private bool _isClosed;
    private Thread? _thread;
    private ChangeLog? _log;
    private RegistryState _state = RegistryState.Empty;
    private long _compactAtBytes;

    /// <summary>The newest durable state.</summary>
    public RegistryState State => Volatile.Read(ref _state);

    /// <summary>
    /// The states before and after a batch, and what changed. Runs on the writer's thread after the publication; must be quick and must
    /// not throw.
    /// </summary>
    public event Action<RegistryState, RegistryState, IReadOnlyList<Change>>? Committed;

    /// <summary>Whether writes are taken.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate) return _thread is not null && !_isClosed;
        }
    }

    /// <summary>Makes a write; completes when it is durable and visible.</summary>
    /// <param name="change">Runs on the writer's thread, alone; what it throws drops this write only and comes back to the caller.</param>
    /// <param name="weightBytes">How much the write holds in memory while it waits.</param>
    /// <exception cref="WriteRefusedException">Too much waits already, or the disk fails.</exception>
    public Task<T> WriteAsync<T>(Func<Draft, T> change, int weightBytes = 1024)
    {
        PendingWrite<T> write = new(change, weightBytes);
        lock (_gate)
        {
            if (_isClosed) return Task.FromException<T>(new WriteRefusedException("the registry is stopping"));
            if (_waitingBytes > options.Value.Limits.WaitingWriteBytesMax)
                return Task.FromException<T>(new WriteRefusedException("too many writes wait for the disk") { IsOverload = true });
            _waiting.Add(write);
            _waitingBytes += weightBytes;
            Monitor.Pulse(_gate);
        }

        return write.Task;
    }

    /// <summary>As <see cref="WriteAsync{T}"/>, without a result.</summary>
    public Task WriteAsync(Action<Draft> change) => WriteAsync(draft =>
    {
        change(draft);
        return true;
    });

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_startGate)
        {
            long started = Stopwatch.GetTimestamp();
            _log = ChangeLog.Open(Path.GetFullPath(options.Value.DataFolder), disk, out RegistryState state);
            Volatile.Write(ref _state, state);
            PlanCompaction();
            Log.Opened(logger, state.Index, state.Names.Count, state.Keys.Count, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (_log.TornBytes > 0) Log.TornTail(logger, _log.TornBytes);
            _thread = new Thread(Run) { IsBackground = true, Name = "registry commits" };
            _thread.Start();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Close();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        Close();
        _log?.Dispose();
    }

    private void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.Pulse(_gate);
        }

        if (_thread is not null && _thread != Thread.CurrentThread) _thread.Join();
    }

    private void Run()
    {
        while (TakeAllWaiting() is { } batch)
        {
            try
            {
                Commit(batch);
            }
            catch (DurabilityLostException fault)
            {
                Log.DurabilityLost(logger, fault);
                lock (_gate) _isClosed = true;
                FailAll(batch, "the disk failed; nothing is known about this write");
                FailAll(TakeAllWaiting() ?? [], "the disk failed");
                Environment.ExitCode = 1;
                lifetime.StopApplication();
                return;
            }
        }
    }

    private List<PendingWrite>? TakeAllWaiting()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_isClosed) Monitor.Wait(_gate);
            if (_waiting.Count == 0) return null;
            List<PendingWrite> batch = _waiting;
            _waiting = [];
            _waitingBytes = 0;
            return batch;
        }
    }

    private void Commit(List<PendingWrite> batch)
    {
        RegistryState before = _state;
        RegistryState state = before;
        List<Mutation> mutations = [];
        HashSet<Scope> touched = [];
        foreach (PendingWrite write in batch)
        {
            Draft draft = new(state);
            if (!write.TryMake(draft)) continue;
            state = draft.Finish();
            touched.UnionWith(draft.Touched);
            foreach ((string key, TimeSpan delay) in draft.DelayedLocks) lockDelays.Begin(key, delay);
            if (draft.Changes.Count > 0) mutations.Add(new Mutation(draft.Index, draft.Changes));
        }

        if (TooManyRemovals(state) is { } forgetting)
        {
            mutations.Add(forgetting);
            state = state.Apply(forgetting);
        }

        if (mutations.Count > 0 && !TryAppend(mutations, batch)) return;
        Volatile.Write(ref _state, state);
        if (mutations.Count > 0) Committed?.Invoke(before, state, mutations.Count == 1 ? mutations[0].Changes : [.. mutations.SelectMany(m => m.Changes)]);
        watches.Wake(touched);
        foreach (PendingWrite write in batch) write.Answer();
        if (_log!.LengthBytes > _compactAtBytes) Compact();
    }

    private bool TryAppend(List<Mutation> mutations, List<PendingWrite> batch)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            _log!.Append(mutations);
            metrics.Committed(mutations.Count, Stopwatch.GetElapsedTime(started));
            return true;
        }
        catch (IOException fault)
        {
            Log.WriteFailed(logger, fault, batch.Count);
            FailAll(batch, "the disk refused the write");
            return false;
        }
    }

    /// <summary>Null unless more is remembered of removals than the limit allows.</summary>
    private Mutation? TooManyRemovals(RegistryState state)
    {
        int max = options.Value.Limits.RemovalsRememberedMax;
        RemovalsForgotten forgotten = new(
            Keys: state.Keys.RemovedCount > max,
            Services: state.Names.Count > max && state.Names.Values.Count(name => name.Instances.Count == 0) > max);
        return forgotten.Keys || forgotten.Services ? new Mutation(state.Index, [forgotten]) : null;
    }

    private void Compact()
    {
        long before = _log!.LengthBytes;
        try
        {
            _log.Replace(_state);
            Log.Compacted(logger, before, _log.LengthBytes);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.CompactionFailed(logger, fault);
        }

        PlanCompaction();
    }

    /// <summary>The next compaction waits until the log has doubled: its cost is then a constant share of what is written.</summary>
    private void PlanCompaction() =>
        _compactAtBytes = Math.Max(options.Value.CompactAfterBytes, 2 * _log!.LengthBytes);

    private static void FailAll(List<PendingWrite> writes, string reason)
    {
        foreach (PendingWrite write in writes) write.Refuse(new WriteRefusedException(reason));
    }

    private static partial class Log
    {
        [LoggerMessage(2000, LogLevel.Information,
            "The registry was opened at index {Index} with {Services} service names and {Keys} keys in {Milliseconds:F0} ms")]
        public static partial void Opened(ILogger logger, ulong index, int services, int keys, double milliseconds);

        [LoggerMessage(2001, LogLevel.Warning, "{Bytes} bytes of a write that was never confirmed were cut from the end of the log")]
        public static partial void TornTail(ILogger logger, long bytes);

        [LoggerMessage(2002, LogLevel.Error, "{Writes} writes were refused because the disk did not take them")]
        public static partial void WriteFailed(ILogger logger, Exception fault, int writes);

        [LoggerMessage(2003, LogLevel.Critical, "The disk lost a write; the registry stops so that nothing false is confirmed")]
        public static partial void DurabilityLost(ILogger logger, Exception fault);

        [LoggerMessage(2004, LogLevel.Information, "The log was compacted from {Before} to {After} bytes")]
        public static partial void Compacted(ILogger logger, long before, long after);

        [LoggerMessage(2005, LogLevel.Error, "The log could not be compacted; the present one stays in use")]
        public static partial void CompactionFailed(ILogger logger, Exception fault);
    }
}
