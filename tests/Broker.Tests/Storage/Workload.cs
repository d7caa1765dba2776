using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Storage;
using static Quintet.Broker.Tests.Storage.StoreExtensions;

namespace Quintet.Broker.Tests.Storage;

/// <summary>
/// Some minutes of a busy broker in a few hundred calls: publishes with confirms, fan-outs, acknowledgements, redeliveries, dead letters; most messages
/// are settled soon and a few never, so that segments fill, die and are compacted. Keeps the books of what was promised.
/// </summary>
internal sealed class Workload(int seed)
{
    private const int Steps = 60;

    private readonly Random _random = new(seed);
    private readonly Confirms _confirms = new();
    private readonly List<Copy> _copies = [];
    private ulong _tag;

    public IReadOnlyList<Copy> Copies => _copies;

    public Confirms Confirms => _confirms;

    /// <summary>One message in one queue, and what the store said about it.</summary>
    internal sealed class Copy
    {
        public required string Body { get; init; }

        public required QueueId Queue { get; init; }

        public required MessageRef Ref { get; init; }

        public required ulong Tag { get; init; }

        public bool IsSettleAsked { get; set; }

        public bool IsSettleFlushed { get; set; }

        public ushort DeliveriesAsked { get; set; }

        public ushort DeliveriesFlushed { get; set; }

        /// <summary>The dead letter this one became, in the same record.</summary>
        public Copy? Became { get; set; }
    }

    /// <summary>Runs until the end or until the store gives up.</summary>
    public async Task RunAsync(MessageStore store, FakeTimeProvider time, Task diskIsDead)
    {
        TaskCompletionSource down = new(TaskCreationOptions.RunContinuationsAsynchronously);
        store.StateChanged += (state, reason) =>
        {
            if (state == StorageState.Failed)
                down.TrySetResult();
            // A disk that refused once is asked again after a while.
            if (state == StorageState.SpaceLow)
                _ = Task.Run(() => time.Advance(Small.SpaceCheckInterval));
        };
        Task end = Task.WhenAny(down.Task, diskIsDead);
        try
        {
            for (int step = 0; step < Steps && !end.IsCompleted; step++)
                await StepAsync(store, end);
        }
        catch (StorageException)
        {
            // What the ledger says by now is what counts.
        }
    }

    private async Task StepAsync(MessageStore store, Task end)
    {
        for (int count = _random.Next(1, 8); count > 0; count--)
            Publish(store, [Orders, Mails, Audit], _random.Next(4) == 0 ? 3 : 1);
        foreach (Copy copy in _copies.Where(copy => !copy.IsSettleAsked).ToList())
            Touch(store, copy);
        switch (_random.Next(3))
        {
            case 0:
                List<Copy> asked = [.. _copies.Where(copy => copy.IsSettleAsked)];
                Task flushed = store.FlushedAsync();
                if (await Task.WhenAny(flushed, end) != flushed)
                    return;
                await flushed;
                asked.ForEach(copy => copy.IsSettleFlushed = true);
                _copies.ForEach(copy => copy.DeliveriesFlushed = copy.DeliveriesAsked);
                break;
            case 1:
                await Task.WhenAny(_confirms.Of(_tag), end);
                break;
        }
    }

    private void Publish(MessageStore store, QueueId[] all, int queueCount)
    {
        QueueId[] queues = [.. all.Skip(queueCount == 3 ? 0 : _random.Next(3)).Take(queueCount)];
        string body = $"{_tag + 1}:" + new string((char)('a' + _tag % 26), _random.Next(10, 6_000));
        // The tag counts as used even when the append fails half-way.
        ulong tag = ++_tag;
        MessageRef first = store.Append(body, queues, (_confirms, tag));
        for (int index = 0; index < queues.Length; index++)
            _copies.Add(new Copy { Body = body, Queue = queues[index], Ref = first.ForQueue(index), Tag = tag });
    }

    private void Touch(MessageStore store, Copy copy)
    {
        // Some stay for ever: they are what compaction is for.
        bool isLongLived = copy.Tag % 13 == 0;
        switch (_random.Next(12))
        {
            case < 5 when !isLongLived:
                copy.IsSettleAsked = true;
                store.Settle(copy.Ref);
                break;
            case 5:
                copy.DeliveriesAsked++;
                store.RecordDelivery(copy.Ref, copy.DeliveriesAsked);
                break;
            case 6 when !isLongLived && copy.Queue == Orders:
                copy.IsSettleAsked = true;
                ulong tag = ++_tag;
                string body = "dead " + copy.Body;
                MessageRef moved = store.Transfer(copy.Ref, Message(body, [Audit]), _confirms, tag);
                copy.Became = new Copy { Body = body, Queue = Audit, Ref = moved, Tag = tag };
                _copies.Add(copy.Became);
                break;
        }
    }
}
