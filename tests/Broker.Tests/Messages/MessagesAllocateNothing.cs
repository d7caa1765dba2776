using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Traffic;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

/// <summary>
/// The gate of the hot path: in steady state a message costs no allocation. What the whole process allocates is counted, so no other test may
/// run beside these.
/// </summary>
[Collection(nameof(Alone))]
public sealed class MessagesAllocateNothing
{
    [Fact]
    public async Task A_message_published_and_confirmed_costs_no_allocation()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();

        double octets = await AllocatedOctets.PerPublishAsync(broker.Ports.Amqp);

        Assert.InRange(octets, 0, AllocatedOctets.PerMessageMax);
    }

    [Theory]
    [InlineData("classic")]
    [InlineData("quorum")]
    [InlineData("stream")]
    public async Task A_message_delivered_and_acknowledged_costs_no_allocation(string type)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();

        double octets = await AllocatedOctets.PerDeliveryAsync(broker.Ports.Amqp, type);

        Assert.InRange(octets, 0, AllocatedOctets.PerMessageMax);
    }

    /// <summary>Tests that have the process to themselves.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
