using System.Globalization;
using Quintet.TestKit.Traffic;

namespace Quintet.Broker.Benchmarks.Messages;

/// <summary>The same bound that tests/Broker.Tests holds, with the types most allocated for whoever wants to know why.</summary>
internal static class AllocationGate
{
    public static async Task<bool> RunAsync()
    {
        bool isKept = await HoldsAsync("publish and confirm", (port, whenWarm) => AllocatedOctets.PerPublishAsync(port, whenWarm));
        isKept &= await HoldsAsync("deliver and ack, classic queue", (port, whenWarm) => AllocatedOctets.PerDeliveryAsync(port, "classic", whenWarm));
        isKept &= await HoldsAsync("deliver and ack, quorum queue", (port, whenWarm) => AllocatedOctets.PerDeliveryAsync(port, "quorum", whenWarm));
        return isKept;
    }

    private static async Task<bool> HoldsAsync(string what, Func<int, Action, Task<double>> measure)
    {
        await using InProcessBroker broker = await InProcessBroker.StartAsync();
        using AllocatedTypes types = new();
        double octets = await measure(broker.Port, types.Clear);
        bool isKept = octets <= AllocatedOctets.PerMessageMax;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {octets:0.0} octets allocated a message, at most {AllocatedOctets.PerMessageMax}{(isKept ? "" : ": TOO MANY")}"));
        Console.WriteLine(types);
        return isKept;
    }
}
