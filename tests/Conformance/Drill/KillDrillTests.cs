using System.Globalization;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Drill;

/// <summary>
/// Publishers with confirms and with transactions and consumers work on classic and quorum queues while the broker is killed with SIGKILL at random
/// moments and started again on the same data. QUINTET_DRILL_KILLS makes it longer, QUINTET_DRILL_SEED repeats the moments of another run.
/// </summary>
public sealed class KillDrillTests(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_promise_is_broken_by_kills_at_random_moments()
    {
        int kills = Setting("QUINTET_DRILL_KILLS", 3);
        int seed = Setting("QUINTET_DRILL_SEED", Random.Shared.Next());
        output.WriteLine($"seed {seed}: QUINTET_DRILL_SEED={seed}");
        Random random = new(seed);
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        (string Queue, Ledger Ledger, DrillClients Clients)[] queues =
        [
            .. new[] { ("worked", "classic"), ("worked-quorum", "quorum"), ("kept", "classic"), ("kept-quorum", "quorum") }.Select(queue =>
            {
                Ledger ledger = new();
                return (queue.Item1, ledger, new DrillClients(broker, queue.Item1, queue.Item2, ledger, stop.Token));
            }),
        ];
        Task clients = Task.WhenAll(queues.SelectMany(queue => StartClients(queue.Queue, queue.Clients)));

        for (int kill = 0; kill < kills; kill++)
        {
            int[] before = [.. queues.Select(queue => queue.Ledger.Confirmed)];
            int more = 20 + random.Next(200);
            await Eventually.TrueAsync(
                "every queue's publishers get their confirms",
                () => Task.FromResult(queues.Zip(before).All(pair => pair.First.Ledger.Confirmed >= pair.Second + more)),
                Cancellation);
            await broker.KillAsync();
            await broker.RestartAsync(Cancellation);
        }

        await stop.CancelAsync();
        await clients;
        foreach ((string queue, Ledger ledger, DrillClients drainer) in queues)
        {
            List<Item> drained = await drainer.DrainAsync(Cancellation);
            output.WriteLine($"{queue}: {ledger.Confirmed} confirmed, {ledger.Settled} acknowledged for certain, {drained.Count} left");
            Assert.Empty(ledger.Check(drained));
        }

        Assert.All(queues.Where(queue => queue.Queue.StartsWith("worked", StringComparison.Ordinal)), queue => Assert.NotEqual(0, queue.Ledger.Settled));
    }

    private static Task[] StartClients(string queue, DrillClients clients)
    {
        Task[] publishers = [clients.PublishAsync(1), clients.PublishAsync(2), clients.PublishInTransactionsAsync(3)];
        return queue.StartsWith("kept", StringComparison.Ordinal)
            ? publishers
            : [.. publishers, clients.ConsumeAsync($"{queue}: one"), clients.ConsumeAsync($"{queue}: two")];
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
