using System.Text;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Conformance.Broker;

/// <summary>Confirmed means written: SIGKILL in the middle of publishing loses no confirmed message and keeps their order.</summary>
public sealed class KilledBrokerTests
{
    private const string Queue = "killed";
    private const int Rounds = 5;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_confirmed_message_is_lost_over_five_kills()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        List<int> confirmed = [];
        int next = 0;
        for (int round = 0; round < Rounds; round++)
        {
            next = await PublishUntilKilledAsync(broker, next, confirmed);
            await broker.RestartAsync(Cancellation);
        }

        List<int> received = await DrainAsync(broker);

        Assert.True(confirmed.Count >= Rounds * 20, $"only {confirmed.Count} were confirmed: the test proves nothing");
        Assert.Empty(confirmed.Except(received));
        Assert.Equal(received.Distinct().Order(), received);
    }

    [Fact]
    public async Task An_acknowledged_message_does_not_come_back_and_an_unacknowledged_one_does()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using (IConnection connection = await ConnectAsync(broker))
        await using (IChannel channel = await DeclareAsync(connection))
        {
            for (int i = 0; i < 2; i++) await PublishAsync(channel, i);
            BasicGetResult first = (await channel.BasicGetAsync(Queue, autoAck: false, Cancellation))!;
            await channel.BasicAckAsync(first.DeliveryTag, multiple: false, Cancellation);
            Assert.NotNull(await channel.BasicGetAsync(Queue, autoAck: false, Cancellation));
            // A confirm that comes after the ack was sent on the same channel says that the ack is on disk too.
            await PublishAsync(channel, 2);
            await broker.KillAsync();
        }

        await broker.RestartAsync(Cancellation);

        Assert.Equal([1, 2], await DrainAsync(broker));
    }

    private static async Task<int> PublishUntilKilledAsync(BoxProcess broker, int next, List<int> confirmed)
    {
        int before = confirmed.Count;
        IConnection connection = await ConnectAsync(broker);
        IChannel channel = await DeclareAsync(connection);
        try
        {
            while (true)
            {
                int number = next++;
                await PublishAsync(channel, number);
                confirmed.Add(number);
                if (confirmed.Count - before == 20) _ = broker.KillAsync(); // goes on publishing until the socket breaks
            }
        }
        catch (Exception broken) when (broken is AlreadyClosedException or OperationInterruptedException or PublishException or IOException)
        {
            await broker.KillAsync();
            connection.Dispose();
            return next;
        }
    }

    private static Task<IConnection> ConnectAsync(BoxProcess broker) =>
        new ConnectionFactory { HostName = "127.0.0.1", Port = broker.Port, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(Cancellation);

    private static async Task<IChannel> DeclareAsync(IConnection connection)
    {
        IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        await channel.QueueDeclareAsync(
            Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: Cancellation);
        return channel;
    }

    /// <summary>Returns when the broker has confirmed.</summary>
    private static ValueTask PublishAsync(IChannel channel, int number) =>
        channel.BasicPublishAsync("", Queue, true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes($"{number}"), Cancellation);

    private static async Task<List<int>> DrainAsync(BoxProcess broker)
    {
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        List<int> numbers = [];
        while (await channel.BasicGetAsync(Queue, autoAck: true, Cancellation) is { } message)
            numbers.Add(int.Parse(Encoding.UTF8.GetString(message.Body.Span), System.Globalization.CultureInfo.InvariantCulture));
        return numbers;
    }
}
