using CsCheck;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Topology;

public class ExchangesRoute
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a.b", "a.b", true)]
    [InlineData("a.*", "a.b", true)]
    [InlineData("a.*", "a", false)]
    [InlineData("a.*", "a.b.c", false)]
    [InlineData("a.#", "a", true)]
    [InlineData("a.#", "a.b.c", true)]
    [InlineData("#", "", true)]
    [InlineData("*", "", false)]
    [InlineData("*", ".", false)]
    [InlineData("*.*", ".", true)]
    [InlineData("#.c", "a.b.c", true)]
    [InlineData("#.c", "c", true)]
    [InlineData("#.c.#", "a.c.b", true)]
    [InlineData("a.#.b.*.c", "a.x.b.b.y.c", true)]
    [InlineData("a.#.b", "a.b.c", false)]
    [InlineData("users.*", "users.user-created", true)]
    public void A_topic_pattern_matches_words(string pattern, string key, bool matches) => Assert.Equal(matches, TopicExchange.Matches(pattern, key));

    [Fact]
    public void Topic_patterns_match_as_their_definition_says()
    {
        Gen<string[]> words = Gen.Int[0, 3].Select(index => "ab*#"[index].ToString()).Array[0, 6];
        Gen<string[]> keys = Gen.Int[0, 1].Select(index => "ab"[index].ToString()).Array[0, 6];
        Gen.Select(words, keys).Sample((pattern, key) =>
        {
            string joined = string.Join('.', pattern), text = string.Join('.', key);
            Assert.Equal(ByDefinition(pattern, key), TopicExchange.Matches(joined, text));
        }, iter: 20_000);
    }

    [Fact]
    public async Task Each_type_routes_by_its_rule_and_a_queue_gets_a_message_once()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        await channel.QueueBindAsync("q", "amq.direct", "k", cancellationToken: Stop);
        await channel.QueueBindAsync("q", "amq.topic", "a.*", cancellationToken: Stop);
        await channel.QueueBindAsync("q", "amq.topic", "a.#", cancellationToken: Stop);
        await channel.QueueBindAsync("q", "amq.fanout", "ignored", cancellationToken: Stop);
        await channel.QueueBindAsync("q", "amq.headers", "", new Dictionary<string, object?> { ["x-match"] = "any", ["a"] = 1, ["b"] = "two" },
            cancellationToken: Stop);

        await PublishAsync(channel, "amq.direct", "k", "direct");
        await PublishAsync(channel, "amq.direct", "other", "lost");
        await PublishAsync(channel, "amq.topic", "a.b", "topic");
        await PublishAsync(channel, "amq.topic", "b", "lost");
        await PublishAsync(channel, "amq.fanout", "any", "fanout");
        await PublishAsync(channel, "amq.headers", "", "headers", new() { ["b"] = "two" });
        await PublishAsync(channel, "amq.headers", "", "lost", new() { ["b"] = "three" });

        Assert.Equal(["direct", "topic", "fanout", "headers"], await channel.DrainAsync("q"));
    }

    [Fact]
    public async Task Exchanges_bound_in_a_circle_deliver_once_and_an_alternate_takes_the_rest()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.ExchangeDeclareAsync("one", "fanout", cancellationToken: Stop);
        await channel.ExchangeDeclareAsync("two", "fanout", cancellationToken: Stop);
        await channel.ExchangeBindAsync("two", "one", "", cancellationToken: Stop);
        await channel.ExchangeBindAsync("one", "two", "", cancellationToken: Stop);
        await channel.ExchangeDeclareAsync("strict", "direct", arguments: new Dictionary<string, object?> { ["alternate-exchange"] = "one" },
            cancellationToken: Stop);
        await channel.QueueAsync("q");
        await channel.QueueBindAsync("q", "two", "", cancellationToken: Stop);

        await PublishAsync(channel, "one", "", "circle");
        await PublishAsync(channel, "strict", "nobody", "alternate");

        Assert.Equal(["circle", "alternate"], await channel.DrainAsync("q"));
    }

    [Fact]
    public async Task Auto_delete_and_exclusive_things_go_when_they_are_left()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.ExchangeDeclareAsync("auto", "fanout", false, autoDelete: true, cancellationToken: Stop);
        await using (IConnection other = await broker.ConnectAsync())
        {
            await using IChannel owner = await other.ChannelAsync();
            await owner.QueueDeclareAsync("mine", false, exclusive: true, false, cancellationToken: Stop);
            await owner.QueueBindAsync("mine", "auto", "", cancellationToken: Stop);
            await using IChannel stranger = await connection.ChannelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => stranger.QueueDeclarePassiveAsync("mine", Stop));
            Assert.Equal(405, stranger.CloseReason!.ReplyCode);
        }

        await GoneAsync(connection, asking => asking.QueueDeclarePassiveAsync("mine", Stop));
        await GoneAsync(connection, asking => asking.ExchangeDeclarePassiveAsync("auto", Stop));
    }

    private static Task GoneAsync(IConnection connection, Func<IChannel, Task> ask) => Quintet.TestKit.Processes.Eventually.TrueAsync("it is gone", async () =>
    {
        await using IChannel asking = await connection.ChannelAsync();
        try
        {
            await ask(asking);
            return false;
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException gone)
        {
            return gone.ShutdownReason?.ReplyCode == 404;
        }
    }, Stop);

    private static bool ByDefinition(ReadOnlySpan<string> pattern, ReadOnlySpan<string> key)
    {
        if (pattern.IsEmpty) return key.IsEmpty;
        if (pattern[0] == "#") return ByDefinition(pattern[1..], key) || (!key.IsEmpty && ByDefinition(pattern, key[1..]));
        return !key.IsEmpty && (pattern[0] == "*" || pattern[0] == key[0]) && ByDefinition(pattern[1..], key[1..]);
    }

    private static ValueTask PublishAsync(IChannel channel, string exchange, string key, string body, Dictionary<string, object?>? headers = null) =>
        channel.BasicPublishAsync(exchange, key, false, new BasicProperties { Headers = headers }, System.Text.Encoding.UTF8.GetBytes(body), Stop);
}
