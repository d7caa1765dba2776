using System.Diagnostics;
using System.Threading.Channels;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Disks;
using Quintet.TestKit.Files;
using Xunit;
using static Quintet.Broker.Tests.Storage.StoreExtensions;

namespace Quintet.Broker.Tests.Storage;

/// <summary>
/// Measures and prints, asserts nothing about speed; not part of an ordinary run. From a Release build of this project, or figures mean little:
/// <c>Quintet.Broker.Tests -explicit only -class "*Figures" -showLiveOutput</c>.
/// </summary>
public sealed class Figures(ITestOutputHelper output) : IDisposable
{
    private const int Million = 1_000_000;

    private readonly TempFolder _folder = new();
    private readonly byte[] _body = new byte[256];

    public void Dispose() => _folder.Dispose();

    [Fact(Explicit = true)]
    public async Task Publish_with_confirms_and_settle()
    {
        using FileDisk disk = new(_folder.Path);
        await using MessageStore store = MessageStore.Open(new StorageOptions(), disk, TimeProvider.System);
        foreach (int window in new[] { 1, 100, 1_000, 1_000, 10_000 })
        {
            int count = window == 1 ? 2_000 : Million;
            await MeasureAsync($"publish+settle, {window} outstanding", count, () => PublishAsync(store, count, (window, true)));
        }
    }

    [Fact(Explicit = true)]
    public async Task Backlog_of_a_million_and_restart()
    {
        using FileDisk disk = new(_folder.Path);
        await using (MessageStore store = MessageStore.Open(new StorageOptions(), disk, TimeProvider.System))
            await MeasureAsync("publish a backlog", Million, () => PublishAsync(store, Million, (1_000, false)));

        MessageStore? again = null;
        await MeasureAsync("recover", Million, () => Task.FromResult(again = MessageStore.Open(new StorageOptions(), disk, TimeProvider.System)));
        IReadOnlyList<RecoveredMessage> recovered = again!.TakeRecovered(Orders);
        Assert.Equal(Million, recovered.Count);
        await MeasureAsync("drain from disk", Million, async () =>
        {
            foreach (RecoveredMessage message in recovered)
            {
                using StoredMessage stored = await again.ReadAsync(message.Ref, TestContext.Current.CancellationToken);
                again.Settle(message.Ref);
            }

            await again.FlushedAsync();
        });
        await again.DisposeAsync();
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
        output.WriteLine(
            $"{what}: {count / elapsed.TotalSeconds:N0}/s, {elapsed.TotalSeconds:N2} s, {processor.TotalMicroseconds / count:N2} µs CPU each, "
            + $"{(double)(GC.GetTotalAllocatedBytes() - allocated) / count:N1} bytes allocated each, {Environment.WorkingSet >> 20} MiB resident");
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
