using Quintet.Broker.Storage;
using Quintet.Broker.Tests.Storage;
using Xunit;

namespace Quintet.Broker.Tests.Streams;

/// <summary>The files of a stream, cut and damaged: nothing that is read is anything but what was written, and nothing is dropped in silence.</summary>
public sealed class StreamFilesOfAnyBytes
{
    private const int Messages = 12;

    [Fact]
    public async Task A_file_that_was_being_written_and_is_cut_anywhere_has_what_was_before_the_cut()
    {
        (FaultyDisk disk, string name) = await WrittenAsync(isEnded: false);
        byte[] content = disk.Content(name);
        int before = -1;
        for (int length = 64; length <= content.Length; length++)
        {
            FaultyDisk cut = disk.Reboot(PowerLoss.KeepsUnsynced, new Random(0));
            cut.Replace(name, content[..length]);
            await using OpenedStream stream = new(cut);

            List<(long Offset, string Body)> read = stream.Read();

            Assert.Equal(Expected(read.Count), read);
            Assert.True(read.Count >= before, $"{length} octets have fewer messages than {length - 1}");
            before = read.Count;
        }

        Assert.Equal(Messages, before);
    }

    [Fact]
    public async Task With_any_octet_changed_no_message_is_another_than_was_written()
    {
        (FaultyDisk disk, string name) = await WrittenAsync(isEnded: true);
        int length = disk.Content(name).Length;
        for (int at = 0; at < length; at++)
        {
            FaultyDisk damaged = disk.Reboot(PowerLoss.KeepsUnsynced, new Random(0));
            damaged.Corrupt(name, at);
            List<(long Offset, string Body)> read = [];
            try
            {
                await using OpenedStream stream = new(damaged);
                read = stream.Read();
                Assert.Equal(Messages, read.Count);
            }
            catch (StorageDamagedException)
            {
                // Refused at the start, or found by the reader.
            }

            Assert.Equal(Expected(read.Count), read);
        }
    }

    [Fact]
    public async Task A_missing_file_in_the_middle_is_damage()
    {
        FaultyDisk disk = new();
        await using (OpenedStream stream = new(disk))
        {
            for (int number = 0; number < 40; number++)
            {
                await stream.PublishAsync(new string('x', 500));
                await stream.MovedAsync(number + 1);
            }
        }

        disk = disk.Reboot(PowerLoss.KeepsUnsynced, new Random(0));
        string[] files = [.. disk.List().Where(file => file.StartsWith("stream-", StringComparison.Ordinal)).Order()];
        Assert.True(files.Length > 2);
        disk.Delete(files[1]);

        StorageDamagedException damage = Assert.Throws<StorageDamagedException>(() => new OpenedStream(disk));
        Assert.Contains(files[2], damage.File, StringComparison.Ordinal);
    }

    private static IEnumerable<(long, string)> Expected(int count) => Enumerable.Range(0, count).Select(number => ((long)number, BodyOf(number)));

    private static string BodyOf(int number) => $"{number} {new string('b', number * 9)}";

    /// <summary>A disk with one file of a stream, whose messages are settled in the message log.</summary>
    private static async Task<(FaultyDisk Disk, string Name)> WrittenAsync(bool isEnded)
    {
        FaultyDisk disk = new();
        FaultyDisk? killed = null;
        await using (OpenedStream stream = new(disk, retention: new(null, null, 1_000_000)))
        {
            for (int number = 0; number < Messages; number++)
            {
                await stream.PublishAsync(BodyOf(number));
                await stream.MovedAsync(number + 1);
            }

            await stream.Store.FlushedAsync();
            if (!isEnded) killed = disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(0));
        }

        FaultyDisk left = killed ?? disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(0));
        return (left, left.List().Single(file => file.StartsWith("stream-", StringComparison.Ordinal)));
    }
}
