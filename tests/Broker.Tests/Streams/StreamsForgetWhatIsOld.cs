using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Streams;
using Quintet.Broker.Tests.Storage;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Broker.Tests.Streams;

/// <summary>Retention, and a disk that is full.</summary>
public sealed class StreamsForgetWhatIsOld
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task More_octets_than_are_allowed_go_from_the_front()
    {
        FaultyDisk disk = new();
        await using OpenedStream stream = new(disk, retention: new StreamRetention(null, 10_000, 2_500));
        for (int number = 0; number < 100; number++)
        {
            await stream.PublishAsync(Numbered(number));
            await stream.MovedAsync(number + 1);
        }

        await Eventually.TrueAsync("the rest is gone", () => Task.FromResult(stream.Log.Extent.Bytes <= 10_000 + 2_500), Stop);
        List<(long Offset, string Body)> left = stream.Read();
        Assert.Equal(99, left[^1].Offset);
        Assert.InRange(left.Count, 10, 25);
        Assert.Equal(left.Select(entry => Numbered((int)entry.Offset)), left.Select(entry => entry.Body));
        Assert.True(disk.List().Count(IsOfStream) <= 6);
    }

    [Fact]
    public async Task What_is_older_than_allowed_goes_though_nothing_new_comes_and_offsets_go_on_after_a_restart()
    {
        FaultyDisk disk = new();
        FakeTimeProvider time = new();
        StreamRetention hour = new(TimeSpan.FromHours(1), null, 1_000_000);
        await using (OpenedStream stream = new(disk, time, hour))
        {
            for (int number = 0; number < 5; number++) await stream.PublishAsync(Numbered(number));
            await stream.MovedAsync(5);
            // Files go whole, so what comes now stays longer only if the file of the first five was ended before.
            await EventuallyAsync(time, TimeSpan.FromMinutes(30), () => disk.List().Count(IsOfStream) == 2);
            await stream.PublishAsync(Numbered(5));
            await stream.MovedAsync(6);

            await EventuallyAsync(time, TimeSpan.FromMinutes(31), () => stream.Log.Extent.First == 5);
            Assert.Equal([(5, Numbered(5))], stream.Read());
            await EventuallyAsync(time, TimeSpan.FromMinutes(31), () => stream.Log.Extent is { First: 6, Next: 6 });
            Assert.Empty(stream.Read());
        }

        await using OpenedStream again = new(disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(0)), time, hour);
        await again.PublishAsync("and on");
        await again.MovedAsync(7);
        Assert.Equal([(6, "and on")], again.Read());
    }

    [Fact]
    public async Task A_time_finds_the_first_message_stored_then_or_later()
    {
        FakeTimeProvider time = new();
        await using OpenedStream stream = new(new FaultyDisk(), time);
        List<long> times = [];
        for (int number = 0; number < 30; number++)
        {
            times.Add(time.GetUtcNow().ToUnixTimeMilliseconds());
            await stream.PublishAsync(Numbered(number));
            await stream.MovedAsync(number + 1);
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        for (int number = 0; number < 30; number++)
        {
            Assert.Equal(number, stream.Read(notBefore: times[number])[0].Offset);
            Assert.Equal(number, stream.Read(notBefore: times[number] - 9)[0].Offset);
        }

        Assert.Empty(stream.Read(notBefore: times[^1] + 1));
    }

    [Fact]
    public async Task A_full_disk_holds_publishers_back_and_loses_nothing()
    {
        FaultyDisk disk = new();
        await using OpenedStream stream = new(disk);
        await stream.PublishAsync(Numbered(0));
        await stream.MovedAsync(1);
        disk.HasSpace = false;
        // The message log has room left in its segment; the file of the stream has to grow.
        await stream.PublishAsync(Numbered(1));

        await stream.Full.Task.WaitAsync(Stop);
        Assert.Equal(StorageState.SpaceLow, stream.Store.State);
        Assert.Equal([(0, Numbered(0))], stream.Read());

        disk.HasSpace = true;
        await EventuallyAsync(stream.Time, TimeSpan.FromSeconds(1), () => stream.Log.Extent.Next == 2 && stream.Store.State == StorageState.Open);
        Assert.Equal([(0, Numbered(0)), (1, Numbered(1))], stream.Read());
    }

    [Fact]
    public async Task A_file_that_is_deleted_under_a_reader_is_read_on_and_the_next_read_begins_where_the_stream_does()
    {
        await using OpenedStream stream = new(new FaultyDisk(), retention: new StreamRetention(null, null, 2_500));
        for (int number = 0; number < 30; number++)
        {
            await stream.PublishAsync(Numbered(number));
            await stream.MovedAsync(number + 1);
        }

        EntryReader reader = new(stream.Log, 4096);
        Assert.True(reader.TryNext(out _));
        reader.Rest();
        stream.Log.Retention = new StreamRetention(null, 5_000, 2_500);
        await Eventually.TrueAsync("the first files are gone", () => Task.FromResult(stream.Log.Extent.First > 10), Stop);

        List<long> offsets = [];
        while (reader.TryNext(out StreamEntry entry)) offsets.Add(entry.Offset);
        reader.End();

        Assert.Equal(29, offsets[^1]);
        Assert.Equal(offsets.Order().Distinct(), offsets);
        Assert.Contains(stream.Log.Extent.First, offsets);
    }

    [Fact]
    public async Task What_is_deleted_leaves_no_file_and_what_is_left_over_goes_at_the_next_start()
    {
        FaultyDisk disk = new();
        await using (OpenedStream stream = new(disk))
        {
            await stream.PublishAsync("gone");
            await stream.MovedAsync(1);
            stream.Log.Delete();
            await Eventually.TrueAsync("its files are gone", () => Task.FromResult(!disk.List().Any(IsOfStream)), Stop);
            StreamLog other = stream.Streams.Open(new QueueId(8), stream.Log.Retention);
            MessageRef message = stream.Store.Append("left over", [new QueueId(8)]);
            other.TryArrive(new StreamArrival(message, 0));
            await Eventually.TrueAsync("the other has a file", () => Task.FromResult(disk.List().Any(IsOfStream)), Stop);
        }

        FaultyDisk again = disk.Reboot(PowerLoss.KeepsUnsynced, new Random(0));
        await using OpenedStream next = new(again);
        next.Streams.DeleteLeftOver();
        Assert.DoesNotContain(again.List(), IsOfStream);
    }

    private static bool IsOfStream(string file) => file.StartsWith("stream-", StringComparison.Ordinal);

    private static string Numbered(int number) => $"{number} {new string('n', 600)}";

    // The thread of the streams looks when the timer tells it, so time goes on until it has.
    private static Task EventuallyAsync(FakeTimeProvider time, TimeSpan step, Func<bool> isSo)
    {
        time.Advance(step);
        return Eventually.TrueAsync("it is so", () =>
        {
            if (!isSo()) time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(isSo());
        }, Stop);
    }
}
