using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Data;
using Quintet.Chassis.Loops;
using Quintet.Chassis.Messaging.Broker;
using Quintet.Hosting.Telemetry;

namespace Quintet.Chassis.Messaging;

/// <summary>
/// Publishes what is in the outbox, and marks a row sent only after the broker's confirm. Of several instances the one with the lease
/// relays. Rows of one subject go out one after the other, each confirmed before the next; rows of different subjects go together.
/// </summary>
internal sealed partial class OutboxLoop(
    OutboxStore store, OutboxSignal signal, OutboxBoard board, ChassisOptions chassis, IServiceScopeFactory scopes, TimeProvider time,
    IOptions<MessagingOptions> options, Hops hops, ILogger<OutboxLoop> logger)
    : BackgroundService
{
    // Events of other instances are found by looking; a query of an index takes well below a millisecond.
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BacklogEvery = TimeSpan.FromSeconds(5);

    private readonly HeldTypes _held = new(time);
    private bool _isOneByOne;
    private DateTimeOffset _nextBacklog;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using BrokerConnection broker = new(chassis, "outbox");
        OutboxPublisher publisher = new(broker);
        Lease lease = new(scopes, time, "outbox", chassis.Instance);
        int failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                bool hasMore = await RelayAsync(publisher, lease, stoppingToken);
                if (failures > 0) Log.Recovered(logger, failures);
                failures = 0;
                board.PublishFault = null;
                if (!hasMore) await signal.WaitAsync(Idle, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                board.PublishFault = fault.Message;
                if (failures++ == 0) Log.Failed(logger, fault);
                else Log.StillFailing(logger, failures, fault.Message);
                await broker.CloseAsync();
                await Backoff.DelayAsync(failures, RetryMax, time, stoppingToken);
            }
        }

        await ReleaseAsync(lease);
    }

    /// <summary>One round.</summary>
    /// <returns>Whether there may be more to do at once.</returns>
    private async Task<bool> RelayAsync(OutboxPublisher publisher, Lease lease, CancellationToken stopping)
    {
        if (!await lease.HoldAsync(stopping))
        {
            board.Backlog = null;
            return false;
        }

        await KeepBooksAsync(stopping);
        if (chassis.BrokerUrl is null) return false;

        List<OutboxRow> due = await store.DueAsync(_held.All, stopping);
        foreach (string type in _held.Due())
            if (await store.OldestAsync(type, stopping) is { } probe) due.Add(probe);
            else _held.Release(type);
        if (due.Count == 0) return false;

        return await PublishAsync(publisher, lease, due, stopping);
    }

    private async Task<bool> PublishAsync(OutboxPublisher publisher, Lease lease, List<OutboxRow> due, CancellationToken stopping)
    {
        int published = 0;
        HashSet<string> stoppedSubjects = [];
        while (due.Count > 0 && await lease.HoldAsync(stopping))
        {
            List<OutboxRow> wave = NextWave(due, stoppedSubjects);
            long began = time.GetTimestamp();
            var outcomes = await publisher.PublishAsync(wave, stopping);
            TimeSpan took = time.GetElapsedTime(began);
            List<OutboxRow> confirmed = [.. outcomes.Where(o => o.Outcome == PublishOutcome.Confirmed).Select(o => o.Row)];
            foreach (OutboxRow row in confirmed) Tell(row, "confirmed", null, took);
            // What the broker has confirmed is marked whatever else happened, even while the process is asked to stop.
            if (confirmed.Count > 0) await store.SentAsync([.. confirmed.Select(row => row.Sequence)], CancellationToken.None);
            foreach (string type in confirmed.Select(row => row.Type).Distinct()) _held.Release(type);
            published += confirmed.Count;
            Tracing.Published.Add(confirmed.Count, new KeyValuePair<string, object?>("outcome", "confirmed"));
            foreach (var (row, outcome, text) in outcomes.Where(o => o.Outcome != PublishOutcome.Confirmed))
                await NoteAsync(row, outcome, text, wave.Count == 1, stoppedSubjects);
            await HoldAsync(outcomes.Where(o => o.Outcome == PublishOutcome.Returned).Select(o => o.Row.Type).Distinct(), due);
            if (outcomes.FirstOrDefault(o => o.Outcome == PublishOutcome.Lost) is { Row: not null } lost)
                throw new IOException($"the broker was lost while it confirmed: {lost.Text}");
            if (outcomes.Any(o => o.Outcome == PublishOutcome.ChannelClosed)) return true;
            stopping.ThrowIfCancellationRequested();
        }

        _isOneByOne = false; // nobody among those that were due closed the channel alone
        return published > 0;
    }

    /// <summary>
    /// Types without a queue wait. Other types of the same subjects go on: they reach other queues, among which there is no order to keep.
    /// </summary>
    private async Task HoldAsync(IEnumerable<string> returnedTypes, List<OutboxRow> due)
    {
        foreach (string type in returnedTypes)
        {
            if (_held.Hold(type)) Log.Unroutable(logger, type, options.Value.UnroutableFor);
            due.RemoveAll(row => row.Type == type);
            int unclaimed = await store.UnclaimedAsync(type, CancellationToken.None);
            if (unclaimed > 0) Log.Unclaimed(logger, unclaimed, type);
        }
    }

    /// <summary>Takes the first row of each subject out of <paramref name="due"/>; one row alone while a faulty one is looked for.</summary>
    private List<OutboxRow> NextWave(List<OutboxRow> due, HashSet<string> stoppedSubjects)
    {
        List<OutboxRow> wave = [];
        List<OutboxRow> later = [];
        HashSet<string> subjects = [];
        int max = _isOneByOne ? 1 : options.Value.BatchMax;
        foreach (OutboxRow row in due)
        {
            if (stoppedSubjects.Contains(row.Subject)) continue;
            if (wave.Count < max && subjects.Add(row.Subject)) wave.Add(row);
            else later.Add(row);
        }

        due.Clear();
        due.AddRange(later);
        return wave;
    }

    private async Task NoteAsync(OutboxRow row, PublishOutcome outcome, string text, bool wasAlone, HashSet<string> stoppedSubjects)
    {
        Tracing.Published.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToString()));
        switch (outcome)
        {
            case PublishOutcome.ChannelClosed when !wasAlone:
                _isOneByOne = true;
                break;
            case PublishOutcome.Refused or PublishOutcome.ChannelClosed:
                if (outcome == PublishOutcome.ChannelClosed) _isOneByOne = false; // found
                stoppedSubjects.Add(row.Subject);
                Tell(row, "refused", text);
                if (await store.RefusedAsync(row, text, CancellationToken.None)) Log.SetAside(logger, row.EventId, row.Type, text);
                else Log.Refused(logger, row.EventId, row.Type, text);
                break;
        }
    }

    private void Tell(OutboxRow row, string outcome, string? detail, TimeSpan? took = null)
    {
        if (!hops.IsOn) return;
        hops.Note(new Hop(HopStage.Published, outcome)
        {
            EventId = row.EventId, EventType = row.Type, Subject = row.Subject, TraceParent = row.TraceParent, Place = "exchange events", Detail = detail,
            Duration = took,
        });
    }

    private async Task KeepBooksAsync(CancellationToken stopping)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now < _nextBacklog) return;
        board.Backlog = await store.BacklogAsync(_held.All, stopping);
        _nextBacklog = now + BacklogEvery;
    }

    private async Task ReleaseAsync(Lease lease)
    {
        try
        {
            await lease.ReleaseAsync(CancellationToken.None);
        }
        catch (Exception fault) when (fault is System.Data.Common.DbException or InvalidOperationException)
        {
            Log.LeaseKept(logger, Lease.Term, fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6201, LogLevel.Warning, "Publishing failed; events stay in the outbox until it works again")]
        public static partial void Failed(ILogger logger, Exception fault);

        [LoggerMessage(6202, LogLevel.Debug, "Publishing failed {Failures} times in a row: {Reason}")]
        public static partial void StillFailing(ILogger logger, int failures, string reason);

        [LoggerMessage(6203, LogLevel.Information, "Publishing works again after {Failures} failures")]
        public static partial void Recovered(ILogger logger, int failures);

        [LoggerMessage(6204, LogLevel.Information, "No queue is bound for {EventType}; its events are kept and tried again for {UnroutableFor}")]
        public static partial void Unroutable(ILogger logger, string eventType, TimeSpan unroutableFor);

        [LoggerMessage(6205, LogLevel.Warning, "{Count} events of {EventType} found no subscriber in time and are not published")]
        public static partial void Unclaimed(ILogger logger, int count, string eventType);

        [LoggerMessage(6206, LogLevel.Warning, "The broker refused event {EventId} of {EventType}: {Reason}")]
        public static partial void Refused(ILogger logger, string eventId, string eventType, string reason);

        [LoggerMessage(6207, LogLevel.Error, "Event {EventId} of {EventType} was refused too often and set aside: {Reason}")]
        public static partial void SetAside(ILogger logger, string eventId, string eventType, string reason);

        [LoggerMessage(6208, LogLevel.Debug, "The outbox lease could not be given back; another instance takes over after {Term}")]
        public static partial void LeaseKept(ILogger logger, TimeSpan term, Exception fault);
    }
}
