using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Storage;
using Quintet.TestKit.Processes;
using Xunit;
using static Quintet.Broker.Tests.Storage.StoreExtensions;

namespace Quintet.Broker.Tests.Storage;

public sealed class SpaceOnTheDisk
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_given_back_when_messages_are_settled()
    {
        FaultyDisk disk = new();
        await using MessageStore store = Open(disk);
        for (int round = 0; round < 20; round++)
        {
            MessageRef[] all = [.. Enumerable.Range(0, 40).Select(_ => store.Append(new string('s', 5_000), [Orders]))];
            store.Settle(all);
            await store.FlushedAsync();
        }

        // 4 MB went through; the active segment, the next, and what is being deleted remain.
        await Until(() => disk.UsedBytes <= 4 * 64 * 1024, () => $"{disk.UsedBytes} bytes are used");
    }

    [Fact]
    public async Task Is_not_held_by_a_few_messages_that_nobody_fetches()
    {
        FaultyDisk disk = new();
        List<MessageRef> kept = [];
        await using (MessageStore store = Open(disk))
        {
            for (int round = 0; round < 60; round++)
            {
                kept.Add(store.Append($"kept {round}", [Audit]));
                store.RecordDelivery(kept[^1], (ushort)round);
                MessageRef[] rest = [.. Enumerable.Range(0, 20).Select(_ => store.Append(new string('s', 5_000), [Orders]))];
                store.Settle(rest);
                await store.FlushedAsync();
            }

            await Until(() => disk.UsedBytes <= 5 * 64 * 1024, () => $"{disk.UsedBytes} bytes are used");
            Assert.Equal("kept 7", await store.BodyOf(kept[7]));
        }

        await using MessageStore again = Open(disk);
        IReadOnlyList<RecoveredMessage> recovered = again.TakeRecovered(Audit);
        Assert.Equal(kept, recovered.Select(message => message.Ref));
        Assert.Equal(Enumerable.Range(0, 60), recovered.Select(message => (int)message.DeliveryCount));
        Assert.Empty(again.TakeRecovered(Orders));
    }

    [Fact]
    public async Task When_it_ends_appends_are_refused_nothing_is_lost_and_it_goes_on_by_itself()
    {
        FakeTimeProvider time = new();
        FaultyDisk disk = new();
        await using (MessageStore store = Open(disk, time: time))
        {
            await FillAsync(store, disk);
            Assert.Equal(StorageState.SpaceLow, store.State);
            Assert.NotEmpty(store.StateReason);
            ValueTask room = store.RoomAsync(Stop);
            Assert.False(room.IsCompleted);

            disk.HasSpace = true;
            time.Advance(Small.SpaceCheckInterval);

            await room;
            store.Append("after", [Mails]);
        }

        await using MessageStore again = Open(disk);
        Assert.Equal(_filled, again.TakeRecovered(Audit).Count);
        Assert.Equal(["after"], await again.Bodies(Mails));
    }

    [Fact]
    public async Task That_ended_comes_back_by_settling_alone()
    {
        FakeTimeProvider time = new();
        FaultyDisk disk = new() { FullAtBytes = 5 * 64 * 1024 };
        await using MessageStore store = Open(disk, time: time);
        List<MessageRef> all = [];
        StorageFullException? full = null;
        while (full is null)
        {
            try
            {
                all.Add(store.Append(new string('f', 2_000), [Audit]));
            }
            catch (StorageFullException refused)
            {
                full = refused;
            }
        }

        store.Settle(all.ToArray());
        // Time passes in steps, as each look at the disk needs the one before.
        await Until(
            () =>
            {
                time.Advance(Small.SpaceCheckInterval);
                return store.State == StorageState.Open;
            },
            () => $"{store.State}: {store.StateReason}, {disk.UsedBytes} bytes are used");
        store.Append("after", [Mails]);
        await store.FlushedAsync();
    }

    [Fact]
    public async Task Under_the_limit_holds_publishers_back_until_it_is_over_it()
    {
        FakeTimeProvider time = new();
        FaultyDisk disk = new() { Free = 1_000 };
        StorageOptions options = Small;
        options.FreeBytesMin = 2_000;
        await using MessageStore store = Open(disk, options, time);
        await Until(() => store.State == StorageState.SpaceLow, () => store.State.ToString());
        Assert.Contains("2000", store.StateReason, StringComparison.Ordinal);
        ValueTask room = store.RoomAsync(Stop);

        disk.Free = 3_000;
        time.Advance(options.SpaceCheckInterval);

        await room;
        Assert.Equal(StorageState.Open, store.State);
    }

    [Fact]
    public async Task Refused_to_a_write_is_waited_for_without_losing_the_write()
    {
        FakeTimeProvider time = new();
        FaultyDisk disk = new();
        await using MessageStore store = Open(disk, time: time);
        await Until(() => disk.List().Count == 2, () => string.Join(' ', disk.List()));
        Confirms confirms = new();
        disk.HasSpace = false;
        // Larger than a segment, so that the file must grow.
        MessageRef message = store.Append(new string('g', 100_000), [Orders], (confirms, 1));
        await Until(() => store.State == StorageState.SpaceLow, () => store.State.ToString());
        Assert.Equal(0ul, confirms.Highest);

        disk.HasSpace = true;
        time.Advance(Small.SpaceCheckInterval);

        await confirms.Of(1);
        Assert.Equal(100_000, (await store.BodyOf(message)).Length);
    }

    private int _filled;

    private async Task FillAsync(MessageStore store, FaultyDisk disk)
    {
        store.Append("first", [Audit]);
        _filled = 1;
        await store.FlushedAsync();
        disk.HasSpace = false;
        try
        {
            while (true)
            {
                store.Append(new string('f', 2_000), [Audit]);
                _filled++;
            }
        }
        catch (StorageFullException)
        {
            // As wanted.
        }
    }

    private static Task Until(Func<bool> condition, Func<string> state) =>
        Eventually.TrueAsync("the store's own threads", () => Task.FromResult(condition()), Stop, state);
}
