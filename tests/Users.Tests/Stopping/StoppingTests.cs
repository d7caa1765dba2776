using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Users.Tests.Stopping;

/// <summary>SIGTERM while events go out: what the broker has confirmed is noted, so that nothing goes out twice.</summary>
public sealed class StoppingTests
{
    private const string Queue = "counted";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_batch_of_events_in_hand_is_confirmed_and_noted_and_the_rest_goes_out_after_the_next_start()
    {
        await using RabbitProcess rabbit = await RabbitProcess.StartAsync(Cancellation);
        string url = $"amqp://guest:guest@127.0.0.1:{rabbit.Port}/%2F";
        await using IConnection connection = await new ConnectionFactory { Uri = new Uri(url) }.CreateConnectionAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        await channel.ExchangeDeclareAsync("events", ExchangeType.Topic, durable: true, cancellationToken: Cancellation);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancellation);
        await channel.QueueBindAsync(Queue, "events", "users.user-created", cancellationToken: Cancellation);
        await using UsersProcess users = new($"--AMQP_URL={url}", "--QUINTET_SHUTDOWN_SECONDS=60");
        using HttpClient http = new(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{users.Port}") };
        await Eventually.TrueAsync(
            "the service is ready", async () => (await http.GetAsync("/health/ready", Cancellation)).IsSuccessStatusCode, Cancellation, () => users.Output);

        Task signingUp = Task.WhenAll(Enumerable.Range(0, 4).Select(client => SignUpAsync(http, client)));
        await Eventually.TrueAsync("events arrive", async () => await channel.MessageCountAsync(Queue, Cancellation) > 0, Cancellation, () => users.Output);
        Assert.Equal(0, await users.StopAsync(Cancellation));
        await signingUp;

        (int rows, int sent) = await RowsAsync(users.Database);
        Assert.Equal((uint)sent, await channel.MessageCountAsync(Queue, Cancellation));
        users.Start();
        await Eventually.TrueAsync(
            "every event is noted as sent",
            async () => await RowsAsync(users.Database) == (rows, rows),
            Cancellation,
            () => $"{rows} rows, {sent} sent before; {users.Output}");
        HashSet<string> ids = [];
        while (await channel.BasicGetAsync(Queue, autoAck: true, Cancellation) is { } message)
            Assert.True(ids.Add((string)JsonNode.Parse(message.Body.Span)!["id"]!), "an event came twice");
        Assert.Equal(rows, ids.Count);
    }

    /// <summary>Until the service is gone.</summary>
    private static async Task SignUpAsync(HttpClient http, int client)
    {
        try
        {
            for (int i = 0; ; i++) await http.PostAsJsonAsync("/users", new { name = "Name", email = $"stop-{client}-{i}@example.org" }, Cancellation);
        }
        catch (HttpRequestException)
        {
            // That is what was waited for.
        }
    }

    private static async Task<(int Rows, int Sent)> RowsAsync(string database)
    {
        await using SqliteConnection file = new($"Data Source={database};Pooling=False");
        await file.OpenAsync(Cancellation);
        await using SqliteCommand command = file.CreateCommand();
        command.CommandText = "SELECT COUNT(*), COALESCE(SUM(State = 1), 0) FROM quintet_outbox";
        await using SqliteDataReader row = await command.ExecuteReaderAsync(Cancellation);
        await row.ReadAsync(Cancellation);
        return (row.GetInt32(0), row.GetInt32(1));
    }
}
