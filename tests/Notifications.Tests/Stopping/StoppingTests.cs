using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Data.Sqlite;
using Quintet.Notifications.Tests.Doubles;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Notifications.Tests.Stopping;

/// <summary>SIGTERM in the middle of work: what is in hand is brought to its end before the process is gone.</summary>
public sealed class StoppingTests : IAsyncLifetime
{
    private const string Queue = "notifications.users.user-created";
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private UsersDouble _users = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _users = await UsersDouble.StartAsync();
        _users.Users[1] = new { id = 1, name = "Ada", email = "ada@example.org" };
        _users.Answering = _released.Task;
    }

    public ValueTask DisposeAsync() => _users.DisposeAsync();

    [Fact]
    public async Task A_request_in_hand_is_answered()
    {
        await using NotificationsProcess notifications = Start();
        using HttpClient http = new(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{notifications.Port}") };
        await Eventually.TrueAsync(
            "the service is ready",
            async () => (await http.GetAsync("/health/ready", Cancellation)).IsSuccessStatusCode,
            Cancellation,
            () => notifications.Output);

        Task<HttpResponseMessage> asked = http.PostAsJsonAsync("/notifications", new { type = "user_created", user_id = 1 }, Cancellation);
        await _users.Asked.Task.WaitAsync(Cancellation);
        await notifications.BeginStopAsync(Cancellation);
        Assert.False(asked.IsCompleted);
        _released.SetResult();

        HttpResponseMessage answer = await asked;
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.True(answer.Headers.ConnectionClose);
        Assert.Equal(0, await notifications.EndAsync(Cancellation));
        Assert.Single(Directory.GetFiles(notifications.MailFolder, "*.eml"));
    }

    [Fact]
    public async Task An_event_in_hand_is_handled_and_acknowledged()
    {
        await using RabbitProcess rabbit = await RabbitProcess.StartAsync(Cancellation);
        string url = $"amqp://guest:guest@127.0.0.1:{rabbit.Port}/%2F";
        await using NotificationsProcess notifications = Start($"--AMQP_URL={url}");
        await using IConnection connection = await new ConnectionFactory { Uri = new Uri(url) }.CreateConnectionAsync(Cancellation);
        await PublishAsync(connection);

        await _users.Asked.Task.WaitAsync(Cancellation);
        await notifications.BeginStopAsync(Cancellation);
        _released.SetResult();

        Assert.Equal(0, await notifications.EndAsync(Cancellation));
        Assert.Equal("event-1.eml", Path.GetFileName(Assert.Single(Directory.GetFiles(notifications.MailFolder, "*.eml"))));
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        uint left = await channel.MessageCountAsync(Queue, Cancellation);
        Assert.True(left == 0, $"{left} events were not acknowledged and are back; {await CountAsync(notifications.Database)}\n{notifications.Output}");
        Assert.Equal((1, 1), await CountAsync(notifications.Database));
    }

    private static async Task<(int History, int Inbox)> CountAsync(string database)
    {
        await using SqliteConnection file = new($"Data Source={database};Pooling=False");
        await file.OpenAsync(Cancellation);
        await using SqliteCommand command = file.CreateCommand();
        command.CommandText = "SELECT (SELECT COUNT(*) FROM notifications), (SELECT COUNT(*) FROM quintet_inbox)";
        await using SqliteDataReader row = await command.ExecuteReaderAsync(Cancellation);
        await row.ReadAsync(Cancellation);
        return (row.GetInt32(0), row.GetInt32(1));
    }

    private NotificationsProcess Start(params string[] settings) =>
        // With time enough to stop on any machine: what is shown is that it is used.
        new([
            $"--services:users:http:0={_users.Url}", "--Calls:TryTimeout=00:01:00", "--Calls:TotalTimeout=00:01:00", "--QUINTET_SHUTDOWN_SECONDS=60",
            .. settings,
        ]);

    /// <summary>Once somebody subscribes.</summary>
    private static async Task PublishAsync(IConnection connection)
    {
        byte[] body = Encoding.UTF8.GetBytes(
            """{"specversion":"1.0","id":"event-1","source":"/users","type":"users.user-created","subject":"users/1","data":{"id":1}}""");
        await Eventually.GetAsync(
            "the queue is bound",
            async () =>
            {
                // A channel for each try: publishing to an exchange that is not there yet closes it.
                CreateChannelOptions confirmed = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
                await using IChannel channel = await connection.CreateChannelAsync(confirmed, Cancellation);
                await channel.BasicPublishAsync("events", "users.user-created", mandatory: true, new BasicProperties(), body, Cancellation);
                return "yes";
            },
            Cancellation);
    }
}
