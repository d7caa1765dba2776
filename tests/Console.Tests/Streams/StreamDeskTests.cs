using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.Parts;
using Quintet.Console.Streams;
using Quintet.Console.Tests.Systems;
using RabbitMQ.Client;

namespace Quintet.Console.Tests.Streams;

public sealed class StreamDeskTests
{
    private const string History = "history";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_is_read_page_by_page_and_keeps_all_of_it()
    {
        await using RunningBroker broker = await StartAsync(5);
        StreamDesk desk = DeskOf(broker);

        IReadOnlyList<StreamEntry> first = await desk.ReadAsync(History, StreamPlace.First, 3, Cancellation);
        IReadOnlyList<StreamEntry> next = await desk.ReadAsync(History, StreamPlace.Of("offset", "3"), 3, Cancellation);
        IReadOnlyList<StreamEntry> beyond = await desk.ReadAsync(History, StreamPlace.At(5), 3, Cancellation);

        Assert.Equal([0L, 1L, 2L], first.Select(e => e.Offset));
        Assert.Equal(["m-3", "m-4"], next.Select(e => e.Properties.MessageId));
        Assert.Equal(("body 3", DateTimeOffset.FromUnixTimeSeconds(1_700_000_003)), (next[0].Text, next[0].Time));
        Assert.Empty(beyond);
        Assert.Equal(5, (await desk.ReadAsync(History, StreamPlace.Of("time", "2020-01-01 00:00"), 10, Cancellation)).Count);
    }

    [Fact]
    public async Task A_message_is_sent_again_with_the_name_of_who_did_it()
    {
        await using RunningBroker broker = await StartAsync(2);
        StreamDesk desk = DeskOf(broker);
        await broker.Channel.QueueDeclareAsync("target", durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancellation);
        StreamEntry entry = (await desk.ReadAsync(History, StreamPlace.At(1), 1, Cancellation)).Single();

        await desk.SendAgainAsync(History, entry, ("", "target"), "ann", Cancellation);

        BasicGetResult again = (await broker.Channel.BasicGetAsync("target", autoAck: true, Cancellation))!;
        Assert.Equal(("m-1", "body 1"), (again.BasicProperties.MessageId, Encoding.UTF8.GetString(again.Body.Span)));
        Assert.Equal("ann", Encoding.UTF8.GetString((byte[])again.BasicProperties.Headers![StreamDesk.SentBy]!));
        Assert.Equal("history@1", Encoding.UTF8.GetString((byte[])again.BasicProperties.Headers[StreamDesk.SentFrom]!));
        Assert.False(again.BasicProperties.Headers.ContainsKey(StreamEntry.OffsetHeader));
        ArgumentException nobody = await Assert.ThrowsAsync<ArgumentException>(() => desk.SendAgainAsync(History, entry, ("", "nowhere"), "ann", Cancellation));
        Assert.Contains("No queue takes 'nowhere'", nobody.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("offset", "-1", "no offset")]
    [InlineData("time", "yesterday", "no time")]
    public void A_place_that_is_none_is_refused(string kind, string text, string words)
    {
        Assert.Contains(words, Assert.Throws<ArgumentException>(() => StreamPlace.Of(kind, text)).Message, StringComparison.Ordinal);
    }

    private static StreamDesk DeskOf(RunningBroker broker) => broker.Console.Services.GetRequiredService<PartClients>().Streams!;

    private static async Task<RunningBroker> StartAsync(int count)
    {
        RunningBroker broker = await RunningBroker.StartAsync(Cancellation);
        Dictionary<string, object?> arguments = new() { ["x-queue-type"] = "stream" };
        await broker.Channel.QueueDeclareAsync(History, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: Cancellation);
        for (int number = 0; number < count; number++)
        {
            BasicProperties properties = new() { MessageId = $"m-{number}", Timestamp = new AmqpTimestamp(1_700_000_000 + number) };
            await broker.Channel.BasicPublishAsync("", History, mandatory: true, properties, Encoding.UTF8.GetBytes($"body {number}"), Cancellation);
        }

        return broker;
    }
}
