using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Storage;
using Xunit;
using static Quintet.Broker.Tests.Storage.StoreExtensions;

namespace Quintet.Broker.Tests.Storage;

/// <summary>
/// A disk that breaks at every operation in turn, and after each a look at what is left: confirmed means there, once; settled and flushed means gone;
/// order is kept; a dead letter is in one place.
/// </summary>
public sealed class NothingConfirmedIsLost(ITestOutputHelper output)
{
    private const int Seed = 20261123;

    private enum Breakage
    {
        PowerGoesForgetting,
        PowerGoesKeeping,
        PowerGoesTearing,
        OneOperationFails,
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_operation_breaks(int breakage)
    {
        int operations = await CountOperationsAsync();
        Assert.True(operations > 100, $"the workload has only {operations} operations");
        for (int at = 1; at <= operations; at++)
            await BreakAsync(at, (Breakage)breakage, Seed + at);
    }

    [Fact]
    public async Task Whatever_operation_breaks_during_recovery_from_a_torn_log()
    {
        for (int at = 1; at <= 12; at++)
        {
            FaultyDisk torn = new() { BreaksAt = 60, Fault = Fault.Dies };
            Workload workload = await RunAsync(torn, Seed);
            FaultyDisk breaking = torn.Reboot(PowerLoss.KeepsAnySectors, new Random(Seed + at), at, Fault.Dies);
            try
            {
                await using MessageStore store = Open(breaking);
            }
            catch (IOException)
            {
                // The machine died again while it recovered.
            }

            await CheckAsync(breaking.Reboot(PowerLoss.KeepsAnySectors, new Random(Seed - at)), workload, $"recovery broke at {at}");
        }
    }

    [Fact]
    public async Task After_a_clean_stop_everything_is_as_it_was()
    {
        FaultyDisk disk = new();
        Workload workload = await RunAsync(disk, Seed);
        foreach (Workload.Copy copy in workload.Copies)
        {
            copy.IsSettleFlushed = copy.IsSettleAsked;
            copy.DeliveriesFlushed = copy.DeliveriesAsked;
        }

        FaultyDisk again = disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(Seed));
        await using (MessageStore store = Open(again))
            Assert.Equal(0, store.Recovered.TornBytes);

        await CheckAsync(again, workload, "clean stop");
    }

    private static async Task<int> CountOperationsAsync()
    {
        FaultyDisk disk = new();
        await RunAsync(disk, Seed);
        return disk.Operations;
    }

    private async Task BreakAsync(int at, Breakage breakage, int seed)
    {
        FaultyDisk disk = new() { BreaksAt = at, Fault = breakage == Breakage.OneOperationFails ? Fault.FailsOnce : Fault.Dies };
        Workload workload = await RunAsync(disk, Seed);
        PowerLoss loss = breakage switch
        {
            Breakage.PowerGoesForgetting => PowerLoss.ForgetsUnsynced,
            Breakage.PowerGoesKeeping => PowerLoss.KeepsUnsynced,
            _ => PowerLoss.KeepsAnySectors,
        };

        string what = $"{breakage} at operation {at} ({disk.BrokenOperation}), seed {seed}";
        try
        {
            await CheckAsync(disk.Reboot(loss, new Random(seed)), workload, what);
        }
        catch (Exception)
        {
            output.WriteLine(what);
            throw;
        }
    }

    private static async Task<Workload> RunAsync(FaultyDisk disk, int seed)
    {
        Workload workload = new(seed);
        try
        {
            FakeTimeProvider time = new();
            await using MessageStore store = Open(disk, time: time);
            await workload.RunAsync(store, time, disk.Dead);
        }
        catch (IOException)
        {
            // It broke while the log was opened or closed.
        }

        return workload;
    }

    private static async Task CheckAsync(FaultyDisk disk, Workload workload, string what)
    {
        await using MessageStore store = Open(disk);
        Dictionary<MessageRef, RecoveredMessage> present = [];
        foreach (QueueId queue in new[] { Orders, Mails, Audit })
            await CheckQueueAsync(store, workload, queue, present);
        foreach (Workload.Copy copy in workload.Copies)
        {
            bool isPresent = present.TryGetValue(copy.Ref, out RecoveredMessage message);
            bool isConfirmed = copy.Tag <= workload.Confirms.Highest;
            if (isConfirmed && !copy.IsSettleAsked)
                Assert.True(isPresent, $"{what}: a confirmed message is lost: {copy.Ref} tag {copy.Tag} confirmed to {workload.Confirms.Highest}");
            if (copy.IsSettleFlushed)
                Assert.False(isPresent, $"{what}: a settled message is back: {copy.Ref}");
            if (isPresent)
                Assert.InRange(message.DeliveryCount, copy.DeliveriesFlushed, copy.DeliveriesAsked);
            if (copy.Became is { IsSettleAsked: false } dead && isConfirmed)
                Assert.True(isPresent != present.ContainsKey(dead.Ref), $"{what}: a dead letter is in two places or none: {copy.Ref}");
        }

        Assert.True(workload.Confirms.NeverWentBack, $"{what}: confirms went back");
        await CheckItWorksAsync(store);
    }

    private static async Task CheckQueueAsync(
        MessageStore store, Workload workload, QueueId queue, Dictionary<MessageRef, RecoveredMessage> present)
    {
        Dictionary<MessageRef, string> bodies = workload.Copies.Where(copy => copy.Queue == queue).ToDictionary(copy => copy.Ref, copy => copy.Body);
        MessageRef last = default;
        foreach (RecoveredMessage message in store.TakeRecovered(queue))
        {
            Assert.True(message.Ref > last, $"{message.Ref} after {last}");
            last = message.Ref;
            present.Add(message.Ref, message);
            // A message of the append that broke is in no ledger.
            if (bodies.TryGetValue(message.Ref, out string? body))
                Assert.Equal(body, await store.BodyOf(message.Ref));
        }
    }

    private static async Task CheckItWorksAsync(MessageStore store)
    {
        Confirms confirms = new();
        MessageRef message = store.Append("still here", [Orders], (confirms, 1));
        await confirms.Of(1).WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("still here", await store.BodyOf(message));
    }
}
