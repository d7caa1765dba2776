using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Disks;
using Quintet.TestKit.Files;
using Xunit;
using static Quintet.Broker.Tests.Storage.StoreExtensions;

namespace Quintet.Broker.Tests.Storage;

public sealed class ConfirmsAndReads : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Many_publishers_are_confirmed_in_order_and_share_syncs()
    {
        using FileDisk disk = new(_folder.Path);
        await using (MessageStore store = Open(disk))
        {
            Confirms[] publishers = [.. Enumerable.Range(0, 8).Select(_ => new Confirms())];
            await Task.WhenAll(publishers.Select(publisher => Task.Run(async () =>
            {
                for (ulong tag = 1; tag <= 2_000; tag++)
                    store.Append($"message {tag}", [Orders], (publisher, tag));
                await publisher.Of(2_000);
            })));

            Assert.All(publishers, publisher => Assert.True(publisher.NeverWentBack));
            // A confirm covers many messages, or 16,000 syncs would have been needed.
            Assert.All(publishers, publisher => Assert.InRange(publisher.Calls, 1, 1_999));
        }

        await using MessageStore again = Open(disk);
        Assert.Equal(16_000, again.TakeRecovered(Orders).Count);
    }

    [Fact]
    public async Task Nothing_is_confirmed_before_it_is_synced()
    {
        FaultyDisk disk = new();
        await using MessageStore store = Open(disk);
        Confirms confirms = new();
        for (ulong tag = 1; tag <= 50; tag++)
        {
            store.Append($"message {tag}", [Orders], (confirms, tag));
            await confirms.Of(tag);

            // The power goes at this very moment.
            await using MessageStore after = Open(disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(1)));

            Assert.Equal((int)tag, after.TakeRecovered(Orders).Count);
        }
    }

    [Fact]
    public async Task A_settle_without_company_is_written_after_its_delay()
    {
        FakeTimeProvider time = new();
        FaultyDisk disk = new();
        await using MessageStore store = Open(disk, time: time);
        MessageRef message = store.Append("x", [Orders]);
        await store.FlushedAsync();
        int operations = disk.Operations;

        store.Settle(message);
        Assert.InRange(disk.Operations, operations, operations + 4);
        time.Advance(Small.SettleDelay);

        await Quintet.TestKit.Processes.Eventually.TrueAsync("the settle is durable", async () =>
        {
            await using MessageStore after = Open(disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(1)));
            return after.TakeRecovered(Orders).Count == 0;
        }, Stop);
    }

    [Fact]
    public async Task Messages_that_left_memory_are_read_from_the_disk()
    {
        using FileDisk disk = new(_folder.Path);
        await using MessageStore store = Open(disk);
        MessageRef[] all = [.. Enumerable.Range(0, 4_000).Select(number => store.Append($"{number} " + new string('c', 1_000), [Orders]))];
        await store.FlushedAsync();

        Assert.False(store.TryRead(all[0], out _));
        for (int number = 0; number < all.Length; number++)
            Assert.StartsWith($"{number} ccc", await store.BodyOf(all[number]), StringComparison.Ordinal);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(reader => Task.Run(async () =>
        {
            Random random = new(reader);
            for (int count = 0; count < 500; count++)
            {
                int number = random.Next(all.Length);
                Assert.StartsWith($"{number} ccc", await store.BodyOf(all[number]), StringComparison.Ordinal);
            }
        })));
    }

    [Fact]
    public async Task A_lease_stays_valid_while_its_message_is_settled_and_its_memory_wanted()
    {
        FaultyDisk disk = new();
        await using MessageStore store = Open(disk);
        MessageRef leased = store.Append("leased", [Orders]);
        Assert.True(store.TryRead(leased, out StoredMessage lease));

        store.Settle(leased);
        for (int number = 0; number < 1_000; number++)
            store.Settle(store.Append(new string('n', 5_000), [Orders]));
        await store.FlushedAsync();

        Assert.Equal("leased"u8.ToArray(), lease.Body.ToArray());
        lease.Dispose();
        await Assert.ThrowsAsync<StorageException>(async () => await store.ReadAsync(leased, Stop));
    }

    [Fact]
    public async Task A_closed_store_refuses_instead_of_waiting()
    {
        using FileDisk disk = new(_folder.Path);
        MessageRef message;
        await using (MessageStore first = Open(disk))
            message = first.Append("x", [Orders]);
        // Not so eager: compaction would bring the message into memory.
        MessageStore store = Open(disk, new StorageOptions());
        await store.DisposeAsync();

        await Assert.ThrowsAsync<StorageFailedException>(async () => await store.ReadAsync(message, Stop));
        Assert.Throws<StorageFailedException>(() => store.Append("y", [Orders]));
        await store.RoomAsync(Stop);
        await store.FlushedAsync();
    }

    [Fact]
    public async Task Damage_met_while_reading_names_the_file()
    {
        StorageOptions options = Small;
        FaultyDisk disk = new();
        List<MessageRef> all = [];
        await using (MessageStore first = Open(disk))
        {
            for (int number = 0; number < 5; number++)
                all.Add(first.Append(new string('d', 5_000), [Orders]));
        }

        FaultyDisk rotting = disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(1));
        await using MessageStore store = Open(rotting, options);
        rotting.Corrupt("messages-0000000001.log", 12_000);

        StorageDamagedException damage = await Assert.ThrowsAsync<StorageDamagedException>(async () => await store.BodyOf(all[2]));

        Assert.EndsWith("messages-0000000001.log", damage.File, StringComparison.Ordinal);
        Assert.Equal(5_000, (await store.BodyOf(all[0])).Length);
    }

    [Fact]
    public async Task A_failed_sync_is_reported_once_and_nothing_is_confirmed_any_more()
    {
        FaultyDisk disk = new() { BreaksAt = 12, Fault = Fault.FailsOnce };
        MessageStore store = Open(disk);
        int failures = 0;
        TaskCompletionSource failed = new();
        store.StateChanged += (state, _) =>
        {
            if (state == StorageState.Failed && Interlocked.Increment(ref failures) == 1)
                failed.SetResult();
        };
        Confirms confirms = new();
        ulong tag = 0;
        try
        {
            while (store.State != StorageState.Failed)
            {
                store.Append("x", [Orders], (confirms, ++tag));
                await Task.WhenAny(confirms.Of(tag), failed.Task);
            }
        }
        catch (StorageFailedException)
        {
            // Told by the append.
        }

        ulong highest = confirms.Highest;
        Assert.Throws<StorageFailedException>(() => store.Append("y", [Orders], (confirms, tag + 1)));
        await Assert.ThrowsAsync<StorageFailedException>(store.FlushedAsync);
        await store.DisposeAsync();

        Assert.Equal(highest, confirms.Highest);
        Assert.Equal(1, failures);
        Assert.Contains("operation 12 broke", store.StateReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publishing_allocates_nothing_per_message()
    {
        using FileDisk disk = new(_folder.Path);
        await using MessageStore store = Open(disk, new StorageOptions());
        byte[] body = new byte[256];
        BlockingConfirms confirms = new();
        QueueId[] queues = [Orders];
        ulong tag = 0;
        void Publish(int count)
        {
            for (int number = 0; number < count; number++)
            {
                NewMessage message = new() { Queues = queues, Envelope = body.AsSpan(0, 40), Body = new(body) };
                store.Settle(store.Append(message, confirms, ++tag));
                if (tag % 1_000 == 0)
                    confirms.WaitFor(tag);
            }
        }

        Publish(200_000);
        await store.FlushedAsync();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Publish(100_000);
        long perMessage = (GC.GetAllocatedBytesForCurrentThread() - before) / 100_000;

        // Time stands still, or the pool would shrink now and then. The smallest object has 24 bytes, so one a message would be seen; a block of
        // 256 KiB that the pool happens to lack is 2 or 3 bytes a message here.
        Assert.InRange(perMessage, 0, 23);
    }

    /// <summary>Waits without leaving the thread whose allocations are counted.</summary>
    private sealed class BlockingConfirms : DurabilityWaiter
    {
        private readonly object _gate = new();
        private ulong _highest;

        public override void Durable(ulong highestTag)
        {
            lock (_gate)
            {
                _highest = highestTag;
                Monitor.Pulse(_gate);
            }
        }

        public void WaitFor(ulong tag)
        {
            lock (_gate)
            {
                while (_highest < tag)
                    Monitor.Wait(_gate);
            }
        }
    }
}
