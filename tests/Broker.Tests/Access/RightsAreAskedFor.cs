using Quintet.Broker.Amqp;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Access;

public class RightsAreAskedFor
{
    private static readonly (string, string?)[] Settings =
    [
        ("Broker:Users:0:Name", "root"), ("Broker:Users:0:Password", "root-secret"), ("Broker:Users:0:Tags:0", "administrator"),
        ("Broker:Users:0:Permissions:0:Configure", ".*"), ("Broker:Users:0:Permissions:0:Write", ".*"), ("Broker:Users:0:Permissions:0:Read", ".*"),
        ("Broker:Users:1:Name", "users"), ("Broker:Users:1:Password", "users-secret"),
        ("Broker:Users:1:Permissions:0:Configure", @"^(events|users\..*)$"), ("Broker:Users:1:Permissions:0:Write", @"^(events|users\..*)$"),
        ("Broker:Users:1:Permissions:0:Read", @"^(events|users\..*)$"),
        ("Broker:Users:1:TopicPermissions:0:Exchange", "events"), ("Broker:Users:1:TopicPermissions:0:Write", @"^users\."),
        ("Broker:Users:1:TopicPermissions:0:Read", @"^users\."),
        ("Broker:Users:2:Name", "nowhere"), ("Broker:Users:2:Password", "nowhere-secret"),
    ];

    public static TheoryData<string, Func<IChannel, Task>> Refused => new()
    {
        { "configure access to queue 'other' in vhost '/' refused for user 'users'", channel => channel.QueueDeclareAsync("other", true, false, false) },
        { "configure access to exchange 'other' in vhost '/' refused for user 'users'", channel => channel.ExchangeDeclareAsync("other", "fanout") },
        { "write access to exchange 'amq.fanout' in vhost '/' refused for user 'users'", channel => PublishAsync(channel, "amq.fanout", "k") },
        { "write access to exchange 'amq.default' in vhost '/' refused for user 'users'", channel => PublishAsync(channel, "", "users.q") },
        { "write access to topic 'orders.made' in exchange 'events' in vhost '/' refused for user 'users'", channel => PublishAsync(channel, "events",
            "orders.made") },
        { "read access to topic 'orders.#' in exchange 'events' in vhost '/' refused for user 'users'", channel => channel.QueueBindAsync("users.q",
            "events", "orders.#") },
        { "read access to queue 'root' in vhost '/' refused for user 'users'", channel => channel.BasicGetAsync("root", true) },
        { "read access to queue 'root' in vhost '/' refused for user 'users'", channel => channel.QueuePurgeAsync("root") },
        { "configure access to queue 'root' in vhost '/' refused for user 'users'", channel => channel.QueueDeleteAsync("root") },
        { "read access to exchange 'amq.topic' in vhost '/' refused for user 'users'", channel => channel.QueueBindAsync("users.q", "amq.topic", "#") },
        { "write access to exchange 'other' in vhost '/' refused for user 'users'", channel => channel.QueueDeclareAsync("users.d", true, false,
            false, new Dictionary<string, object?> { ["x-dead-letter-exchange"] = "other" }) },
    };

    [Fact]
    public async Task What_a_user_may_not_is_refused_in_RabbitMQs_words()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(Settings);
        await using IConnection root = await broker.ConnectAsync("root", "root-secret");
        await using IChannel setup = await root.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken);
        await setup.ExchangeDeclareAsync("events", "topic", true, cancellationToken: TestContext.Current.CancellationToken);
        await setup.QueueDeclareAsync("root", true, false, false, cancellationToken: TestContext.Current.CancellationToken);
        await using IConnection users = await broker.ConnectAsync("users", "users-secret");
        await using IChannel allowed = await users.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken);
        await allowed.QueueDeclareAsync("users.q", true, false, false, cancellationToken: TestContext.Current.CancellationToken);
        await allowed.QueueBindAsync("users.q", "events", "users.*", cancellationToken: TestContext.Current.CancellationToken);

        foreach ((string text, Func<IChannel, Task> act) in Refused.Select(row => row.Data))
        {
            await using IChannel channel = await users.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
                    TestContext.Current.CancellationToken);
            Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => act(channel));
            Assert.True(channel.CloseReason?.ReplyCode == 403, $"{text}: {refused}");
            Assert.Equal($"ACCESS_REFUSED - {text}", channel.CloseReason!.ReplyText);
        }
    }

    [Fact]
    public async Task A_vhost_without_permission_cannot_be_entered()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(Settings);

        using RawClient client = await broker.ConnectRawAsync();
        await client.SendAsync("AMQP\0\0\x09\x01"u8.ToArray());
        await client.MethodAsync(MethodId.ConnectionStart);
        await client.StartOkAsync("PLAIN", "\0nowhere\0nowhere-secret"u8.ToArray());
        await client.MethodAsync(MethodId.ConnectionTune);
        await client.SendAsync(new MethodFrame(0, MethodId.ConnectionTuneOk).Short(2047).Long(131072).Short(0).ToArray());
        await client.SendAsync(new MethodFrame(0, MethodId.ConnectionOpen).ShortString("/").ShortString("").Octet(0).ToArray());

        (int code, string text, uint method) = await client.CloseAsync(MethodId.ConnectionClose);
        Assert.Equal((530, "NOT_ALLOWED - access to vhost '/' refused for user 'nowhere'", MethodId.ConnectionOpen), (code, text, method));
    }

    [Fact]
    public async Task Users_change_with_the_settings_file()
    {
        using Quintet.TestKit.Files.TempFolder folder = new();
        await WriteAsync(folder["broker.json"], "first");
        await using Microsoft.AspNetCore.Builder.WebApplication app = BrokerBox.Build(new Quintet.Hosting.Settings.BoxSettings(
            folder["broker.json"],
            new Dictionary<string, string?> { ["Broker:Port"] = "0", ["Broker:ManagementPort"] = "0", ["Broker:DataFolder"] = folder["data"] }));
        await app.StartAsync(TestContext.Current.CancellationToken);
        ConnectionFactory factory = new() { HostName = "127.0.0.1", Port = BrokerBox.PortsOf(app).Amqp, UserName = "u", Password = "first" };
        await (await factory.CreateConnectionAsync(TestContext.Current.CancellationToken)).DisposeAsync();

        await WriteAsync(folder["broker.json"], "second");
        factory.Password = "second";

        await using IConnection connection = await Quintet.TestKit.Processes.Eventually.GetAsync(
            "the new password counts", async () => (IConnection?)await factory.CreateConnectionAsync(TestContext.Current.CancellationToken),
                TestContext.Current.CancellationToken);
        await app.StopAsync(CancellationToken.None);
    }

    private static Task WriteAsync(string file, string password) => File.WriteAllTextAsync(
        file, $$$"""{"Broker":{"Users":[{"Name":"u","Password":"{{{password}}}","Permissions":[{"Configure":".*","Write":".*","Read":".*"}]}]}}""",
            TestContext.Current.CancellationToken);

    private static async Task PublishAsync(IChannel channel, string exchange, string key) =>
        await channel.BasicPublishAsync(exchange, key, true, new RabbitMQ.Client.BasicProperties(), "x"u8.ToArray());
}
