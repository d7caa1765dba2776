using System.Text;
using Quintet.Broker.Storage;
using Xunit;

namespace Quintet.Broker.Tests.Storage;

public sealed class DefinitionsSurvive(ITestOutputHelper output)
{
    private const int Seed = 4711;

    [Fact]
    public async Task A_restart_with_the_last_value_of_each_key()
    {
        FaultyDisk disk = new();
        await using (DefinitionsLog log = Open(disk))
        {
            await log.PutAsync("queue/größe", "1"u8);
            await log.PutAsync("queue/größe", "2"u8);
            await log.PutAsync("queue/gone", "3"u8);
            await log.RemoveAsync("queue/gone");
            await log.RemoveAsync("queue/never there");
            await log.PutAsync("empty", []);
        }

        await using DefinitionsLog again = Open(disk);
        Assert.Equal(["empty=", "queue/größe=2"], Show(again));
    }

    [Fact]
    public async Task Many_changes_at_once_and_rewriting()
    {
        FaultyDisk disk = new();
        await using (DefinitionsLog log = Open(disk))
        {
            for (int round = 0; round < 20; round++)
                await Task.WhenAll(Enumerable.Range(0, 500).Select(key => log.PutAsync($"{key}", Encoding.UTF8.GetBytes($"{round} of {key}"))));
            Assert.InRange(disk.UsedBytes, 0, 600_000);
        }

        await using DefinitionsLog again = Open(disk);
        Assert.Equal(500, again.Snapshot().Count);
        Assert.All(again.Snapshot(), pair => Assert.Equal($"19 of {pair.Key}", Encoding.UTF8.GetString(pair.Value)));
        Assert.Single(disk.List());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_disk_breaking_at_any_operation(int loss)
    {
        FaultyDisk counting = new();
        await RunAsync(counting);
        for (int at = 1; at <= counting.Operations; at++)
        {
            FaultyDisk disk = new() { BreaksAt = at, Fault = Fault.Dies };
            (Dictionary<string, string> done, string? tried) = await RunAsync(disk);
            output.WriteLine($"broke at {at}: {disk.BrokenOperation}, seed {Seed + at}");

            await using DefinitionsLog again = Open(disk.Reboot((PowerLoss)loss, new Random(Seed + at)));

            string[] before = [.. done.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)];
            Apply(done, tried);
            string[] after = [.. done.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)];
            Assert.Contains(string.Join(';', Show(again)), new[] { string.Join(';', before), string.Join(';', after) });
        }
    }

    [Fact]
    public async Task Any_operation_failing_once_and_the_process_that_is_started_after_it()
    {
        FaultyDisk counting = new();
        await RunAsync(counting);
        for (int at = 1; at <= counting.Operations; at++)
        {
            FaultyDisk disk = new() { BreaksAt = at, Fault = Fault.FailsOnce };
            (Dictionary<string, string> done, string? tried) = await RunAsync(disk);
            output.WriteLine($"failed at {at}: {disk.BrokenOperation}");

            await using DefinitionsLog again = Open(disk.Reboot(PowerLoss.KeepsUnsynced, new Random(Seed + at)));

            string[] before = [.. done.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)];
            Apply(done, tried);
            string[] after = [.. done.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)];
            Assert.Contains(string.Join(';', Show(again)), new[] { string.Join(';', before), string.Join(';', after) });
        }
    }

    [Fact]
    public async Task A_full_disk_refuses_the_change_and_takes_it_later()
    {
        FaultyDisk disk = new();
        await using DefinitionsLog log = Open(disk);
        await log.PutAsync("a", "1"u8);
        disk.HasSpace = false;

        await Assert.ThrowsAsync<StorageFullException>(() => log.PutAsync("a", "2"u8));
        Assert.Equal(["a=1"], Show(log));

        disk.HasSpace = true;
        await log.PutAsync("b", "3"u8);
        Assert.Equal(["a=1", "b=3"], Show(log));
        await using DefinitionsLog again = Open(disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(1)));
        Assert.Equal(["a=1", "b=3"], Show(again));
    }

    [Fact]
    public async Task Not_damage_which_is_refused_with_file_and_offset()
    {
        FaultyDisk disk = new();
        await using (DefinitionsLog log = Open(disk))
        {
            await log.PutAsync("a", "first value"u8);
            await log.PutAsync("b", "second value"u8);
        }

        string name = Assert.Single(disk.List());
        byte[] damaged = disk.Content(name);
        damaged[damaged.AsSpan().IndexOf("first value"u8)] ^= 1;
        disk.Replace(name, damaged);

        StorageDamagedException refused = Assert.Throws<StorageDamagedException>(() => Open(disk));
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Puts and removes one after the other; what was done for sure, and the one that broke ("key=value", or "key" removed).</summary>
    private static async Task<(Dictionary<string, string> Done, string? Tried)> RunAsync(FaultyDisk disk)
    {
        Dictionary<string, string> done = [];
        string? tried = null;
        try
        {
            for (int start = 0; start < 3; start++)
            {
                await using DefinitionsLog log = Open(disk);
                for (int step = 0; step < 8; step++)
                {
                    string key = $"key {step % 5}";
                    tried = step % 4 == 3 ? key : $"{key}={start}/{step}" + new string('v', step * 300);
                    await (step % 4 == 3 ? log.RemoveAsync(key) : log.PutAsync(key, Encoding.UTF8.GetBytes(tried[(key.Length + 1)..])));
                    Apply(done, tried);
                    tried = null;
                }
            }
        }
        catch (IOException)
        {
            // It broke.
        }

        return (done, tried);
    }

    private static void Apply(Dictionary<string, string> values, string? change)
    {
        if (change is null)
            return;
        int split = change.IndexOf('=', StringComparison.Ordinal);
        if (split < 0)
            values.Remove(change);
        else
            values[change[..split]] = change[(split + 1)..];
    }

    private static DefinitionsLog Open(FaultyDisk disk) => DefinitionsLog.Open(disk, new StorageOptions());

    private static string[] Show(DefinitionsLog log) =>
        [.. log.Snapshot().Select(pair => $"{pair.Key}={Encoding.UTF8.GetString(pair.Value)}").Order(StringComparer.Ordinal)];
}
