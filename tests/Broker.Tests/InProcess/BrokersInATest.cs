using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.InProcess;

public sealed class BrokersInATest
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_line_starts_a_broker_that_a_client_uses_by_its_url()
    {
        await using QuintetBroker broker = await QuintetBroker.StartAsync(cancellationToken: Stop);

        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("jobs");
        await channel.SendAsync("jobs", "one");

        Assert.Equal("one", await channel.TakeAsync("jobs"));
        using HttpClient http = new(new SocketsHttpHandler()) { BaseAddress = broker.ManagementUrl };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("health/ready", UriKind.Relative), Stop)).StatusCode);
    }

    [Fact]
    public async Task Several_brokers_of_one_process_know_nothing_of_each_other()
    {
        QuintetBroker[] brokers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => QuintetBroker.StartAsync(cancellationToken: Stop)));
        try
        {
            foreach ((int index, QuintetBroker broker) in brokers.Index())
            {
                await using IConnection connection = await ConnectAsync(broker);
                await using IChannel channel = await connection.ConfirmingAsync();
                Assert.Equal(0u, (await channel.QueueAsync("jobs")).MessageCount);
                await channel.SendAsync("jobs", $"of {index}");
                Assert.Equal($"of {index}", await channel.TakeAsync("jobs"));
                await channel.SendAsync("jobs", "stays");
            }

            Assert.Equal(8, brokers.SelectMany(b => new[] { b.AmqpUrl.Port, b.ManagementUrl.Port }).Distinct().Count());
        }
        finally
        {
            foreach (QuintetBroker broker in brokers) await broker.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_end_closes_clients_with_320_and_leaves_no_file()
    {
        QuintetBroker broker = await QuintetBroker.StartAsync(cancellationToken: Stop);
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.ChannelAsync();
        TaskCompletionSource<(int Code, string Text)> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, why) => Task.FromResult(closed.TrySetResult((why.ReplyCode, why.ReplyText)));
        Assert.NotEmpty(Directory.GetFiles(broker.DataFolder));

        await broker.DisposeAsync();

        Assert.Equal((320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'"), await closed.Task.WaitAsync(Stop));
        Assert.False(Directory.Exists(broker.DataFolder));
        await broker.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => broker.RestartAsync(Stop));
    }

    [Fact]
    public async Task A_client_reconnects_after_a_restart_and_finds_what_is_durable()
    {
        await using QuintetBroker broker = await QuintetBroker.StartAsync(cancellationToken: Stop);
        (Uri amqp, Uri management) = (broker.AmqpUrl, broker.ManagementUrl);
        ConnectionFactory factory = new() { Uri = amqp, AutomaticRecoveryEnabled = true, NetworkRecoveryInterval = TimeSpan.FromMilliseconds(50) };
        await using IConnection connection = await factory.CreateConnectionAsync(Stop);
        TaskCompletionSource recovered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.RecoverySucceededAsync += (_, _) => Task.FromResult(recovered.TrySetResult());
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("jobs");
        await channel.SendAsync("jobs", "kept");

        await broker.RestartAsync(Stop);
        await recovered.Task.WaitAsync(Stop);

        Assert.Equal((amqp, management), (broker.AmqpUrl, broker.ManagementUrl));
        Assert.Equal("kept", await channel.TakeAsync("jobs"));
    }

    [Fact]
    public async Task A_stopped_broker_listens_nowhere_until_it_is_restarted()
    {
        await using QuintetBroker broker = await QuintetBroker.StartAsync(cancellationToken: Stop);

        await broker.StopAsync(Stop);
        await broker.StopAsync(Stop);

        await Assert.ThrowsAsync<BrokerUnreachableException>(() => ConnectAsync(broker));
        Assert.True(Directory.Exists(broker.DataFolder));
        await broker.RestartAsync(Stop);
        await using IConnection connection = await ConnectAsync(broker);
        Assert.True(connection.IsOpen);
    }

    [Fact]
    public async Task A_folder_of_ones_own_stays_and_serves_the_next_broker()
    {
        using TempFolder folder = new();
        QuintetBrokerOptions options = new() { DataFolder = folder["broker"] };
        await using (QuintetBroker first = await QuintetBroker.StartAsync(options, Stop))
        {
            await using IConnection connection = await ConnectAsync(first);
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.QueueAsync("jobs");
            await channel.SendAsync("jobs", "kept");
        }

        await using QuintetBroker second = await QuintetBroker.StartAsync(options, Stop);
        await using IConnection again = await ConnectAsync(second);
        await using IChannel reading = await again.ChannelAsync();

        Assert.Equal(options.DataFolder, second.DataFolder);
        Assert.Equal("kept", await reading.TakeAsync("jobs"));
    }

    [Fact]
    public async Task Users_have_the_rights_and_urls_that_the_options_give_them()
    {
        QuintetBrokerOptions options = new()
        {
            Users =
            {
                new QuintetBrokerUser("ann/one", "p@ss:word") { Tags = { "administrator" } },
                new QuintetBrokerUser("bob", "b") { Configure = "^bob\\." },
            },
        };
        await using QuintetBroker broker = await QuintetBroker.StartAsync(options, Stop);

        await using IConnection ann = await ConnectAsync(broker);
        await using IConnection bob = await new ConnectionFactory { Uri = broker.AmqpUrlOf("bob") }.CreateConnectionAsync(Stop);
        await using IChannel channel = await ann.ChannelAsync(), refused = await bob.ChannelAsync();
        await channel.QueueAsync("any");

        OperationInterruptedException fault = await Assert.ThrowsAsync<OperationInterruptedException>(() => refused.QueueAsync("ann.queue"));
        Assert.Equal(403, fault.ShutdownReason!.ReplyCode);
        Assert.Throws<ArgumentException>(() => broker.AmqpUrlOf("carl"));
        Assert.Equal("/other", Uri.UnescapeDataString(broker.AmqpUrlOf("bob", "/other").Segments[1]));
    }

    [Fact]
    public async Task The_log_goes_where_the_options_say()
    {
        ListedLog log = new();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        await using (await QuintetBroker.StartAsync(new QuintetBrokerOptions { LoggerFactory = loggers }, Stop))
            Assert.Contains(log.Lines, line => line.StartsWith("Recovered 0 messages", StringComparison.Ordinal));

        Assert.False(log.IsDisposed);
    }

    private static Task<IConnection> ConnectAsync(QuintetBroker broker) =>
        new ConnectionFactory { Uri = broker.AmqpUrl, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(Stop);
}
