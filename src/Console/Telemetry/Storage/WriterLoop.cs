using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>
/// The one that writes. It takes whatever waits into one transaction, and answers all of it after the commit: what was acknowledged is in
/// the file. The queue is bounded by those who fill it, see <c>Limits:WaitingBytesMax</c>.
/// </summary>
internal sealed partial class WriterLoop(
    TelemetryFile file, IOptions<ConsoleOptions> options, TimeProvider clock, TelemetryMeter meter, ILogger<WriterLoop> logger) : BackgroundService
{
    /// <summary>Requests of one transaction; more would make the first of them wait.</summary>
    private const int GroupMax = 64;

    private readonly Channel<IWork> _waiting = Channel.CreateUnbounded<IWork>(new UnboundedChannelOptions { SingleReader = true });
    private Store? _store;

    private interface IWork
    {
        public void Do(Store store);

        public void Committed();

        public void Failed(Exception fault);
    }

    /// <summary>Opens the file before anything is received, and fails with its name when it cannot be opened.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _store = new Store(file.OpenForWriting(), options.Value.Telemetry.Limits, clock);
        return base.StartAsync(cancellationToken);
    }

    /// <summary>Does the work in a transaction and gives its result once that is committed.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be written, or the console stops.</exception>
    public async Task<T> WriteAsync<T>(Func<Store, T> work)
    {
        Work<T> item = new(work);
        if (!_waiting.Writer.TryWrite(item)) throw new StoreUnavailableException("the console stops");
        return await item.Done;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        if (ExecuteTask is not null) await ExecuteTask.WaitAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
        _store?.Dispose();
        file.CloseReaders();
    }

    /// <summary>Ends when the queue is complete and empty: what was received before the stop is written.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<IWork> group = new(GroupMax);
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < GroupMax && _waiting.Reader.TryRead(out IWork? work)) group.Add(work);
            Commit(group);
            group.Clear();
        }
    }

    private void Commit(List<IWork> group)
    {
        long began = clock.GetTimestamp();
        if (TryCommit(group) is not { } fault)
        {
            meter.Committed(clock.GetElapsedTime(began));
            return;
        }

        // One of them may be to blame for all: each has a transaction of its own, and the failure of one is its own.
        foreach (IWork work in group)
        {
            Exception? own = group.Count == 1 ? fault : TryCommit([work]);
            if (own is null) continue;
            Log.NotWritten(logger, own);
            work.Failed(own);
        }
    }

    private Exception? TryCommit(List<IWork> group)
    {
        try
        {
            TelemetryFile.Run(_store!.Connection, "BEGIN IMMEDIATE");
            foreach (IWork work in group) work.Do(_store);
            TelemetryFile.Run(_store.Connection, "COMMIT");
        }
        catch (Exception fault) // whatever it is, the others go on
        {
            RollBack();
            return fault;
        }

        foreach (IWork work in group) work.Committed();
        return null;
    }

    private void RollBack()
    {
        try
        {
            // SQLite has rolled back by itself after some faults, a full disk among them.
            if (SQLitePCL.raw.sqlite3_get_autocommit(_store!.Connection.Handle) == 0) TelemetryFile.Run(_store.Connection, "ROLLBACK");
            _store.Forget();
        }
        catch (SqliteException fault)
        {
            // The next transaction fails then, too, and its senders are told.
            Log.NotRolledBack(logger, fault);
        }
    }

    private sealed class Work<T>(Func<Store, T> work) : IWork
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Done => _done.Task;

        public void Do(Store store) => _result = work(store);

        public void Committed() => _done.SetResult(_result!);

        public void Failed(Exception fault) => _done.SetException(new StoreUnavailableException("the telemetry store cannot be written", fault));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Telemetry could not be written; it was not acknowledged")]
        public static partial void NotWritten(ILogger logger, Exception fault);

        [LoggerMessage(2, LogLevel.Error, "The telemetry store cannot roll back")]
        public static partial void NotRolledBack(ILogger logger, Exception fault);
    }
}
