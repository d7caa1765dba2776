using Quintet.Broker.Tests.Storage;
using Xunit;

namespace Quintet.Broker.Tests.Streams;

/// <summary>
/// A disk that breaks at every operation in turn, while messages go to a stream and a queue at once: confirmed means there, once, in both; offsets
/// have no gaps; what a consumer has read keeps its offset for ever.
/// </summary>
public sealed class NothingConfirmedIsLostFromAStream(ITestOutputHelper output)
{
    private const int Seed = 20261128;
    private const int Messages = 60;

    public enum Breakage
    {
        PowerGoesForgetting,
        PowerGoesKeeping,
        PowerGoesTearing,
        OneOperationFails,
    }

    [Theory]
    [InlineData(Breakage.PowerGoesForgetting)]
    [InlineData(Breakage.PowerGoesKeeping)]
    [InlineData(Breakage.PowerGoesTearing)]
    [InlineData(Breakage.OneOperationFails)]
    public async Task Whatever_operation_breaks(Breakage breakage)
    {
        FaultyDisk whole = new();
        await RunAsync(whole);
        int operations = whole.Operations;
        Assert.True(operations > 80, $"the workload has only {operations} operations");
        for (int at = 1; at <= operations; at++)
        {
            FaultyDisk disk = new() { BreaksAt = at, Fault = breakage == Breakage.OneOperationFails ? Fault.FailsOnce : Fault.Dies };
            Books books = await RunAsync(disk);
            PowerLoss loss = breakage switch
            {
                Breakage.PowerGoesForgetting => PowerLoss.ForgetsUnsynced,
                Breakage.PowerGoesKeeping => PowerLoss.KeepsUnsynced,
                _ => PowerLoss.KeepsAnySectors,
            };
            output.WriteLine($"{breakage} at operation {at} ({disk.BrokenOperation}), seed {Seed + at}: {books.Confirmed.Count} confirmed");
            await CheckAsync(disk.Reboot(loss, new Random(Seed + at)), books);
        }
    }

    [Fact]
    public async Task Whatever_operation_breaks_while_it_recovers()
    {
        for (int at = 1; at <= 25; at++)
        {
            FaultyDisk torn = new() { BreaksAt = 70, Fault = Fault.Dies };
            Books books = await RunAsync(torn);
            FaultyDisk breaking = torn.Reboot(PowerLoss.KeepsAnySectors, new Random(Seed + at), at, Fault.Dies);
            output.WriteLine($"recovery breaks at {at}, seed {Seed + at}");
            try
            {
                await using OpenedStream stream = new(breaking);
                await Task.WhenAny(breaking.Dead, stream.Store.FlushedAsync());
            }
            catch (IOException)
            {
                // The machine died again.
            }

            await CheckAsync(breaking.Reboot(PowerLoss.KeepsAnySectors, new Random(Seed - at)), books);
        }
    }

    private static async Task<Books> RunAsync(FaultyDisk disk)
    {
        Books books = new();
        Random random = new(Seed);
        try
        {
            await using OpenedStream stream = new(disk);
            Task end = Task.WhenAny(stream.Down.Task, disk.Dead);
            List<(string Body, Task Confirm)> window = [];
            for (int number = 0; number < Messages && !end.IsCompleted; number++)
            {
                string body = $"{number}:" + new string('x', random.Next(300));
                window.Add((body, stream.PublishAsync(body)));
                if (random.Next(3) > 0) continue;
                await Task.WhenAny(Task.WhenAll(window.Select(sent => sent.Confirm)), end);
                books.Note(window);
                if (random.Next(2) == 0) await Task.WhenAny(stream.MovedAsync(number + 1), end);
                books.Seen.AddRange(stream.Read(books.Seen.Count));
            }

            await Task.WhenAny(Task.WhenAll(window.Select(sent => sent.Confirm)), end);
            books.Note(window);
        }
        catch (IOException)
        {
            // It broke while it was opened or closed.
        }

        return books;
    }

    private static async Task CheckAsync(FaultyDisk disk, Books books)
    {
        await using OpenedStream stream = new(disk);
        await stream.PublishAsync("behind all that was");
        long next;
        while (stream.Read(Math.Max(0, (next = stream.Log.Extent.Next) - 1)) is not [.., (_, "behind all that was")]) await stream.MovedAsync(next + 1);

        List<(long Offset, string Body)> found = stream.Read();
        Assert.Equal(Enumerable.Range(0, found.Count).Select(offset => (long)offset), found.Select(entry => entry.Offset));
        Assert.Equal(found.Count, found.Select(entry => entry.Body).Distinct().Count());
        Assert.Empty(books.Confirmed.Except(found.Select(entry => entry.Body)));
        Assert.Equal(books.Seen, found.Take(books.Seen.Count));
        List<string> queued = await stream.Store.Bodies(StoreExtensions.Orders);
        Assert.Empty(books.Confirmed.Except(queued));
    }

    private sealed class Books
    {
        public HashSet<string> Confirmed { get; } = [];

        /// <summary>What a consumer has read, in its order.</summary>
        public List<(long Offset, string Body)> Seen { get; } = [];

        public void Note(List<(string Body, Task Confirm)> window)
        {
            Confirmed.UnionWith(window.Where(sent => sent.Confirm.IsCompletedSuccessfully).Select(sent => sent.Body));
            window.RemoveAll(sent => sent.Confirm.IsCompleted);
        }
    }
}
