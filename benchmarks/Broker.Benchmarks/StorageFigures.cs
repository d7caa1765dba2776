using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Disks;
using Quintet.TestKit.Figures;
using Quintet.TestKit.Files;

namespace Quintet.Broker.Benchmarks;

/// <summary>The message store alone, in this process: rate, CPU (the publisher's included), allocation, memory.</summary>
internal sealed class StorageFigures(Report report) : IDisposable
{
    private const int Million = 1_000_000;

    private static readonly QueueId Orders = new(1);

    private readonly TempFolder _folder = new();
    private readonly byte[] _body = new byte[256];

    public void Dispose() => _folder.Dispose();

    public async Task PublishingAsync()
    {
        using FileDisk disk = new(_folder["publishing"]);
        await using MessageStore store = MessageStore.Open(new StorageOptions(), disk, TimeProvider.System);
        await PublishAsync(store, Million, (1_000, true)); // compiled and warm
        foreach (int window in (int[])[1, 100, 1_000, 10_000])
        {
            int count = window == 1 ? 2_000 : Million;
            await MeasureAsync($"publish, confirm and settle, {window} outstanding", count, () => PublishAsync(store, count, (window, true)));
        }
    }

    public async Task BacklogAsync(CancellationToken cancellation)
    {
        using FileDisk disk = new(_folder["backlog"]);
        await using (MessageStore store = MessageStore.Open(new StorageOptions(), disk, TimeProvider.System))
            await MeasureAsync("publish a backlog of a million", Million, () => PublishAsync(store, Million, (1_000, false)));

        MessageStore? again = null;
        await MeasureAsync("recover it", Million, () => Task.FromResult(again = MessageStore.Open(new StorageOptions(), disk, TimeProvider.System)));
        IReadOnlyList<RecoveredMessage> recovered = again!.TakeRecovered(Orders);
        if (recovered.Count != Million) throw new InvalidOperationException($"{recovered.Count} of {Million} came back");
        await MeasureAsync("drain it from disk", Million, () => DrainAsync(again, recovered, cancellation));
        await again.DisposeAsync();
    }

    private static async Task DrainAsync(MessageStore store, IReadOnlyList<RecoveredMessage> messages, CancellationToken cancellation)
    {
        foreach (RecoveredMessage message in messages)
        {
            using StoredMessage stored = await store.ReadAsync(message.Ref, cancellation);
            store.Settle(message.Ref);
        }

        await store.FlushedAsync();
    }

    private async Task PublishAsync(MessageStore store, int count, (int Outstanding, bool Settles) how)
    {
        Window window = new(how.Outstanding);
        QueueId[] queues = [Orders];
        for (ulong tag = 1; tag <= (ulong)count; tag++)
        {
            await window.RoomAsync(tag);
            MessageRef message = Publish(store, queues, (window, tag));
            if (how.Settles)
                store.Settle(message);
        }

        await store.FlushedAsync();
    }

    private MessageRef Publish(MessageStore store, QueueId[] queues, (DurabilityWaiter Who, ulong Tag) waiter)
    {
        NewMessage message = new() { Queues = queues, Envelope = _body.AsSpan(0, 40), Body = new(_body) };
        return store.Append(message, waiter.Who, waiter.Tag);
    }

    private async Task MeasureAsync(string what, int count, Func<Task> work)
    {
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetTotalAllocatedBytes();
        long start = Stopwatch.GetTimestamp();
        await work();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        processor = Environment.CpuUsage.TotalTime - processor;
        double allocatedEach = (double)(GC.GetTotalAllocatedBytes() - allocated) / count;
        report.Add(what, string.Create(
            CultureInfo.InvariantCulture,
            $"{count / elapsed.TotalSeconds:N0}/s, {processor.TotalMicroseconds / count:N2} µs CPU and {allocatedEach:N1} B allocated each, "
            + $"{Environment.WorkingSet >> 20} MiB resident"));
    }

    /// <summary>A publisher that keeps at most so many messages unconfirmed.</summary>
    private sealed class Window(int size) : DurabilityWaiter
    {
        private readonly Channel<bool> _moved = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        private ulong _confirmed;

        public override void Durable(ulong highestTag)
        {
            Volatile.Write(ref _confirmed, highestTag);
            _moved.Writer.TryWrite(true);
        }

        public async ValueTask RoomAsync(ulong tag)
        {
            while (tag - Volatile.Read(ref _confirmed) > (ulong)size)
                await _moved.Reader.ReadAsync();
        }
    }
}
