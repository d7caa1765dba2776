using System.Text;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Conformance.Broker;

/// <summary>What the suites of RabbitMQ's own clients for .NET and Java ask for, with the client for .NET.</summary>
public sealed class RabbitMqClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twenty_tasks_publish_on_one_channel_and_every_message_is_confirmed()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(true, true, new ThrottlingRateLimiter(500)), Cancellation);
        string queue = (await channel.QueueDeclareAsync(cancellationToken: Cancellation)).QueueName;

        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            for (int i = 0; i < 200; i++) await channel.BasicPublishAsync("", queue, true, new byte[i % 7], Cancellation);
        }));

        Assert.Equal(4000u, await channel.MessageCountAsync(queue, Cancellation));
    }

    [Fact]
    public async Task A_body_of_many_frames_and_headers_of_every_kind_come_back_as_they_were()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        string queue = (await channel.QueueDeclareAsync(cancellationToken: Cancellation)).QueueName;
        byte[] body = [.. Enumerable.Range(0, 3_000_001).Select(i => (byte)(i * 31))];
        Dictionary<string, object?> headers = new()
        {
            ["null"] = null, ["true"] = true, ["byte"] = (byte)200, ["sbyte"] = (sbyte)-3, ["short"] = (short)-4, ["ushort"] = (ushort)40_000,
            ["int"] = -5, ["uint"] = 4_000_000_000u, ["long"] = -6L, ["float"] = 1.5f, ["double"] = 2.5, ["decimal"] = 1.25m,
            ["time"] = new AmqpTimestamp(7), ["list"] = new List<object?> { 1, true }, ["table"] = new Dictionary<string, object?> { ["in"] = 8L },
        };

        await channel.BasicPublishAsync("", queue, true, new BasicProperties { Headers = headers, Persistent = true }, body, Cancellation);
        BasicGetResult got = (await channel.BasicGetAsync(queue, autoAck: true, Cancellation))!;

        Assert.True(got.Body.Span.SequenceEqual(body));
        Assert.Equal(headers, got.BasicProperties.Headers);
    }

    [Fact]
    public async Task A_connection_closed_by_management_recovers_with_its_queue_binding_and_consumer()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using IConnection connection = await ConnectAsync(broker, "to be closed");
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        string queue = (await channel.QueueDeclareAsync(cancellationToken: Cancellation)).QueueName;
        await channel.QueueBindAsync(queue, "amq.topic", "a.#", cancellationToken: Cancellation);
        TaskCompletionSource received = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource recovered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += (_, _) => Task.FromResult(received.TrySetResult());
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, Cancellation);
        connection.RecoverySucceededAsync += (_, _) => Task.FromResult(recovered.TrySetResult());

        await CloseByManagementAsync(broker, "to be closed");
        await recovered.Task.WaitAsync(Eventually.Deadline, Cancellation);
        await channel.BasicPublishAsync("amq.topic", "a.b", true, "back"u8.ToArray(), Cancellation);

        await received.Task.WaitAsync(Eventually.Deadline, Cancellation);
    }

    [Fact]
    public async Task An_exclusive_queue_is_locked_for_unbind_by_another_connection()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using IConnection owner = await ConnectAsync(broker);
        await using IConnection stranger = await ConnectAsync(broker);
        await using IChannel own = await owner.CreateChannelAsync(cancellationToken: Cancellation);
        IChannel strange = await stranger.CreateChannelAsync(cancellationToken: Cancellation);
        string queue = (await own.QueueDeclareAsync(cancellationToken: Cancellation)).QueueName;
        await own.QueueBindAsync(queue, "amq.direct", "key", cancellationToken: Cancellation);

        await strange.QueueUnbindAsync(queue, "amq.direct", "another key", cancellationToken: Cancellation); // nothing to unbind
        OperationInterruptedException refused = await Assert.ThrowsAsync<OperationInterruptedException>(
            () => strange.QueueUnbindAsync(queue, "amq.direct", "key", cancellationToken: Cancellation));

        Assert.Equal(405, refused.ShutdownReason!.ReplyCode);
    }

    [Fact]
    public async Task Without_queue_and_key_a_binding_takes_the_name_of_the_last_queue_as_key()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        string queue = (await channel.QueueDeclareAsync("last", cancellationToken: Cancellation)).QueueName;
        await channel.QueueBindAsync("", "amq.direct", "", cancellationToken: Cancellation);

        await channel.BasicPublishAsync("amq.direct", queue, "by name"u8.ToArray(), Cancellation);
        await channel.BasicPublishAsync("amq.direct", "", "by nothing"u8.ToArray(), Cancellation);

        BasicGetResult only = (await channel.BasicGetAsync(queue, autoAck: true, Cancellation))!;
        Assert.Equal("by name", Encoding.UTF8.GetString(only.Body.Span));
        Assert.Null(await channel.BasicGetAsync(queue, autoAck: true, Cancellation));
    }

    [Fact]
    public async Task Declared_names_lose_their_line_ends()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);

        QueueDeclareOk queue = await channel.QueueDeclareAsync("que\r\nue\n", cancellationToken: Cancellation);
        await channel.ExchangeDeclareAsync("ex\nchange\r", "fanout", cancellationToken: Cancellation);

        Assert.Equal("queue", queue.QueueName);
        await channel.ExchangeDeclarePassiveAsync("exchange", Cancellation);
    }

    [Fact]
    public async Task Of_a_channels_room_for_one_every_queue_and_every_consumer_gets_its_share()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        await channel.BasicQosAsync(0, prefetchCount: 1, global: true, Cancellation);
        string[] queues = ["fair.a", "fair.b"];
        foreach (string queue in queues)
        {
            await channel.QueueDeclareAsync(queue, cancellationToken: Cancellation);
            for (int i = 0; i < 30; i++) await channel.BasicPublishAsync("", queue, new byte[1], Cancellation);
        }

        Dictionary<string, int> counts = [];
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            counts[message.ConsumerTag] = counts.GetValueOrDefault(message.ConsumerTag) + 1;
            if (counts.Values.Sum() == 30) done.TrySetResult(); // half of what there is
            else if (!done.Task.IsCompleted) await channel.BasicAckAsync(message.DeliveryTag, multiple: false, Cancellation);
        };
        foreach (string queue in queues)
            foreach (string half in new[] { ".1", ".2" })
                await channel.BasicConsumeAsync(queue, autoAck: false, queue + half, consumer, Cancellation);

        await done.Task.WaitAsync(Eventually.Deadline, Cancellation);
        Assert.Equal(4, counts.Count);
    }

    private static async Task CloseByManagementAsync(BoxProcess broker, string connectionName)
    {
        using HttpClient http = new(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{broker.ManagementPort}") };
        http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("guest:guest"u8));
        string name = await Eventually.GetAsync(
            "the connection in the list",
            async () =>
            {
                using var list = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/connections", UriKind.Relative), Cancellation));
                return list.RootElement.EnumerateArray()
                    .Where(c => c.GetProperty("client_properties").TryGetProperty("connection_name", out var given) && given.GetString() == connectionName)
                    .Select(c => c.GetProperty("name").GetString()).FirstOrDefault();
            },
            Cancellation);
        using HttpResponseMessage closed = await http.DeleteAsync(new Uri($"/api/connections/{Uri.EscapeDataString(name)}", UriKind.Relative), Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, closed.StatusCode);
    }

    private static Task<IConnection> ConnectAsync(BoxProcess broker, string? name = null) =>
        new ConnectionFactory { HostName = "127.0.0.1", Port = broker.Port, NetworkRecoveryInterval = TimeSpan.FromMilliseconds(200) }
            .CreateConnectionAsync(name, Cancellation);
}
