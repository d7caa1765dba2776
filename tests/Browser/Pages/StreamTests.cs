using System.Text;
using Quintet.Browser.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Browser.Pages;

public sealed class StreamTests(WatchedSystem watched)
{
    private const string Ledger = "browser.ledger";
    private const string Arrivals = "browser.arrivals";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_is_read_from_an_offset_or_a_time_and_one_of_its_messages_is_sent_again_to_where_it_went()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        await using IConnection connection =
            await new ConnectionFactory { Uri = new Uri(watched.System.Variables["AMQP_URL"]) }.CreateConnectionAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        await DeclareAsync(channel);
        for (int number = 0; number < 3; number++) await PublishAsync(channel, number);
        await channel.QueuePurgeAsync(Arrivals, Cancellation);

        await ann.OpenAsync($"/messages/{Ledger}", Cancellation);
        await ReadFromAsync(ann, "time", "2099-01-01 00:00");
        await ann.SaysAsync("There is nothing from there on", Cancellation);
        await ReadFromAsync(ann, "time", "2020-01-01 00:00");
        await ann.SaysAsync("entry-0", Cancellation);
        await ReadFromAsync(ann, "offset", "1");
        await ann.ShowsAsync(".letters:not(:has(details:nth-of-type(3)))", Cancellation);
        Assert.False(ann.Has("entry-0"));
        await ann.ClickAsync("entry-1", "details[open]", Cancellation);
        Assert.Empty(ann.Barriers());
        await ann.ClickAsync("Send again…", "dialog #exchange", Cancellation);
        Assert.Equal((Ledger, "paid"), (ann.Written("#exchange"), ann.Written("#key")));
        await ann.ClickAsync("Send", "dialog .done", Cancellation);
        await ann.CloseAsync(Cancellation);

        // It was confirmed, so it is where it was routed to.
        BasicGetResult again = (await channel.BasicGetAsync(Arrivals, autoAck: true, Cancellation))!;
        Assert.Equal(("entry-1", "1 paid"), (again.BasicProperties.MessageId, Encoding.UTF8.GetString(again.Body.Span)));
        Assert.Equal("ann", Encoding.UTF8.GetString((byte[])again.BasicProperties.Headers!["x-quintet-sent-again-by"]!));
        Assert.Equal($"{Ledger}@1", Encoding.UTF8.GetString((byte[])again.BasicProperties.Headers["x-quintet-sent-again-from"]!));
        Assert.Equal(0u, again.MessageCount);
        await ReadFromAsync(ann, "offset", "3");
        await ann.ShowsAsync(".letters:not(:has(details:nth-of-type(2)))", Cancellation);
        await ann.SaysAsync("entry-1", Cancellation);
        await ann.OpenAsync($"/audit?q={Ledger}@1", Cancellation);
        await ann.SaysAsync("send again", Cancellation);
        Assert.Empty(ann.Complaints());
        await RemoveAsync(channel);
    }

    private static async Task ReadFromAsync(Visitor visitor, string kind, string place)
    {
        await visitor.ShowsAsync($"form.filter select option[value='{kind}']", Cancellation); // the page may not know the queue yet
        visitor.Choose("form.filter select", kind);
        await visitor.ShowsAsync($"form.filter input[placeholder='{(kind == "time" ? "2026-11-29 03:00" : "0")}']", Cancellation);
        visitor.Write("form.filter input", $"{place}\n");
    }

    private static async Task DeclareAsync(IChannel channel)
    {
        Dictionary<string, object?> stream = new() { ["x-queue-type"] = "stream" };
        await channel.ExchangeDeclareAsync(Ledger, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: Cancellation);
        await channel.QueueDeclareAsync(Ledger, durable: true, exclusive: false, autoDelete: false, stream, cancellationToken: Cancellation);
        await channel.QueueDeclareAsync(Arrivals, durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancellation);
        await channel.QueueBindAsync(Ledger, Ledger, "#", cancellationToken: Cancellation);
        await channel.QueueBindAsync(Arrivals, Ledger, "paid", cancellationToken: Cancellation);
    }

    private static async Task PublishAsync(IChannel channel, int number)
    {
        BasicProperties properties = new() { MessageId = $"entry-{number}", Type = "ledger.paid" };
        await channel.BasicPublishAsync(Ledger, "paid", mandatory: true, properties, Encoding.UTF8.GetBytes($"{number} paid"), Cancellation);
    }

    private static async Task RemoveAsync(IChannel channel)
    {
        await channel.QueueDeleteAsync(Ledger, cancellationToken: Cancellation);
        await channel.QueueDeleteAsync(Arrivals, cancellationToken: Cancellation);
        await channel.ExchangeDeleteAsync(Ledger, cancellationToken: Cancellation);
    }
}
