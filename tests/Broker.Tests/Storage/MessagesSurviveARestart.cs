using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Disks;
using Quintet.TestKit.Files;
using Xunit;
using static Quintet.Broker.Tests.Storage.StoreExtensions;

namespace Quintet.Broker.Tests.Storage;

public sealed class MessagesSurviveARestart : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_appended_comes_back_in_order_and_whole()
    {
        string[] bodies = [.. Enumerable.Range(0, 500).Select(number => $"message {number} " + new string('x', number * 7))];
        using FileDisk disk = new(_folder.Path);
        await using (MessageStore store = Open(disk))
        {
            foreach (string body in bodies)
                store.Append(body, [Orders]);
        }

        await using MessageStore again = Open(disk);

        IReadOnlyList<RecoveredMessage> recovered = again.TakeRecovered(Orders);
        Assert.Equal(500, recovered.Count);
        Assert.All(recovered, message => Assert.Equal(new MessageStamp(1_000, 2_000, 3), message.Stamp));
        for (int index = 0; index < bodies.Length; index++)
            Assert.Equal(bodies[index], await again.BodyOf(recovered[index].Ref));
        Assert.Equal(0, again.Recovered.TornBytes);
        Assert.Empty(again.TakeRecovered(Orders));
    }

    [Fact]
    public async Task A_message_for_three_queues_lies_on_disk_once_and_leaves_each_alone()
    {
        using FaultyDisk disk = new();
        await using (MessageStore store = Open(disk))
        {
            MessageRef message = store.Append(new string('b', 30_000), [Orders, Mails, Audit]);
            store.Settle(message.ForQueue(1));
        }

        await using MessageStore again = Open(disk);

        Assert.Single(await again.Bodies(Orders));
        Assert.Empty(await again.Bodies(Mails));
        Assert.Single(await again.Bodies(Audit));
        Assert.InRange(again.Recovered.BytesRead, 30_000, 31_000);
    }

    [Fact]
    public async Task Settled_messages_do_not_come_back()
    {
        using FileDisk disk = new(_folder.Path);
        await using (MessageStore store = Open(disk))
        {
            MessageRef[] all = [.. Enumerable.Range(0, 100).Select(number => store.Append($"{number}", [Orders]))];
            store.Settle(all.Where((_, index) => index % 3 != 0).ToArray());
        }

        await using MessageStore again = Open(disk);

        Assert.Equal(Enumerable.Range(0, 100).Where(number => number % 3 == 0).Select(number => $"{number}"), await again.Bodies(Orders));
    }

    [Fact]
    public async Task Delivery_counts_come_back()
    {
        using FileDisk disk = new(_folder.Path);
        MessageRef twice;
        await using (MessageStore store = Open(disk))
        {
            store.Append("never delivered", [Orders]);
            twice = store.Append("delivered twice", [Orders]);
            store.RecordDelivery(twice, 1);
            await store.FlushedAsync();
            store.RecordDelivery(twice, 2);
        }

        await using MessageStore again = Open(disk);

        Assert.Equal([0, 2], again.TakeRecovered(Orders).Select(message => (int)message.DeliveryCount));
    }

    [Fact]
    public async Task A_transferred_message_is_in_its_new_queue_only()
    {
        using FileDisk disk = new(_folder.Path);
        await using (MessageStore store = Open(disk))
        {
            MessageRef source = store.Append("order", [Orders]);
            store.Transfer(source, Message("dead order", [Audit]));
        }

        await using MessageStore again = Open(disk);

        Assert.Empty(await again.Bodies(Orders));
        Assert.Equal(["dead order"], await again.Bodies(Audit));
    }

    [Fact]
    public async Task A_message_larger_than_a_segment_is_stored_like_any_other()
    {
        string large = new('l', 900_000);
        using FileDisk disk = new(_folder.Path);
        await using (MessageStore store = Open(disk))
        {
            store.Append("small", [Orders]);
            store.Append(large, [Orders]);
            store.Append("small again", [Orders]);
        }

        await using MessageStore again = Open(disk);

        Assert.Equal(["small", large, "small again"], await again.Bodies(Orders));
    }

    [Fact]
    public async Task References_are_never_used_twice_even_when_everything_was_settled()
    {
        using FileDisk disk = new(_folder.Path);
        MessageRef last = default;
        for (int start = 0; start < 4; start++)
        {
            await using MessageStore store = Open(disk);
            MessageRef next = store.Append("x", [Orders]);
            Assert.True(next > last, $"start {start}: {next} after {last}");
            last = next;
            store.Settle(next);
        }
    }

    [Fact]
    public void A_second_process_is_kept_out_of_the_folder()
    {
        using FileDisk first = new(_folder.Path);

        StorageException refused = Assert.Throws<StorageException>(() => new FileDisk(_folder.Path));

        Assert.Contains(_folder.Path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_and_nothing_is_appended()
    {
        using FaultyDisk disk = new();
        await using MessageStore store = Open(disk);

        Assert.Throws<ArgumentException>(() => store.Append(new string('x', 1024 * 1024), [Orders]));
        Assert.Throws<ArgumentException>(() => store.Append("nowhere", []));

        Assert.True(store.FlushedAsync().IsCompletedSuccessfully);
    }
}
