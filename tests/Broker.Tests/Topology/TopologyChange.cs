using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Topology;

/// <summary>One random change of a topology, made at the broker and in the model alike.</summary>
internal static class TopologyChange
{
    private const int ExchangesMost = 6;
    private const int QueuesMost = 8;

    private static readonly string[] Types = ["direct", "fanout", "topic", "headers"];
    private static readonly string[] Words = ["a", "b", "c"];
    private static readonly string[] HeaderNames = ["one", "two", "x-three"];
    private static readonly string[] Matches = ["all", "any", "all-with-x", "any-with-x"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static Task OneAsync(IChannel channel, TopologyModel model, Random random) => random.Next(12) switch
    {
        < 2 => DeclareExchangeAsync(channel, model, random),
        < 4 => DeclareQueueAsync(channel, model, random),
        < 9 => BindAsync(channel, model, random),
        9 => UnbindAsync(channel, model, random),
        10 => DeleteExchangeAsync(channel, model, random),
        _ => DeleteQueueAsync(channel, model, random),
    };

    public static string Key(Random random) => string.Join('.', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Words[random.Next(Words.Length)]));

    public static Dictionary<string, object> Headers(Random random)
    {
        Dictionary<string, object> headers = [];
        foreach (string name in HeaderNames)
            if (random.Next(2) == 0) headers[name] = random.Next(2);
        return headers;
    }

    // One that was deleted comes back under its name, perhaps as another type; one that is there is declared again as it is.
    private static async Task DeclareExchangeAsync(IChannel channel, TopologyModel model, Random random)
    {
        string name = $"e{random.Next(ExchangesMost)}";
        if (!model.Exchanges.TryGetValue(name, out ModelExchange? exchange))
            exchange = new ModelExchange(Types[random.Next(Types.Length)], random.Next(2) == 0 ? $"e{random.Next(ExchangesMost)}" : null);
        Dictionary<string, object?> arguments = exchange.Alternate is { } alternate ? new() { ["alternate-exchange"] = alternate } : [];
        await channel.ExchangeDeclareAsync(name, exchange.Type, durable: true, autoDelete: false, arguments, cancellationToken: Stop);
        model.Exchanges[name] = exchange;
    }

    private static async Task DeclareQueueAsync(IChannel channel, TopologyModel model, Random random)
    {
        string name = $"q{random.Next(QueuesMost)}";
        Dictionary<string, object?> arguments = name[^1] % 2 == 0 ? [] : new() { ["x-queue-type"] = "quorum" };
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: Stop);
        model.Queues.TryAdd(name, []);
    }

    private static async Task BindAsync(IChannel channel, TopologyModel model, Random random)
    {
        if (model.Exchanges.Count == 0 || model.Queues.Count == 0) return;
        string source = Any(model.Exchanges.Keys, random);
        bool toQueue = random.Next(3) > 0;
        string destination = toQueue ? Any(model.Queues.Keys, random) : Any(model.Exchanges.Keys, random);
        string key = model.Exchanges[source].Type == "topic" ? Pattern(random) : Key(random);
        Dictionary<string, object> rule = model.Exchanges[source].Type == "headers" ? Headers(random) : [];
        if (rule.Count > 0 && random.Next(3) > 0) rule["x-match"] = Matches[random.Next(Matches.Length)];
        Dictionary<string, object?> arguments = rule.ToDictionary(argument => argument.Key, argument => (object?)argument.Value);
        if (toQueue) await channel.QueueBindAsync(destination, source, key, arguments, cancellationToken: Stop);
        else await channel.ExchangeBindAsync(destination, source, key, arguments, cancellationToken: Stop);
        model.Bindings.Add(new ModelBinding(source, destination, toQueue, (key, rule)));
    }

    private static async Task UnbindAsync(IChannel channel, TopologyModel model, Random random)
    {
        if (model.Bindings.Count == 0) return;
        ModelBinding binding = model.Bindings[random.Next(model.Bindings.Count)];
        Dictionary<string, object?> arguments = binding.Rule.Arguments.ToDictionary(argument => argument.Key, argument => (object?)argument.Value);
        if (binding.ToQueue) await channel.QueueUnbindAsync(binding.Destination, binding.Source, binding.Rule.Key, arguments, Stop);
        else await channel.ExchangeUnbindAsync(binding.Destination, binding.Source, binding.Rule.Key, arguments, cancellationToken: Stop);
        // Made twice it was one.
        model.Bindings.RemoveAll(other => Same(other, binding));
    }

    private static async Task DeleteExchangeAsync(IChannel channel, TopologyModel model, Random random)
    {
        if (model.Exchanges.Count == 0) return;
        string name = Any(model.Exchanges.Keys, random);
        await channel.ExchangeDeleteAsync(name, cancellationToken: Stop);
        model.Exchanges.Remove(name);
        model.Bindings.RemoveAll(binding => binding.Source == name || (!binding.ToQueue && binding.Destination == name));
    }

    private static async Task DeleteQueueAsync(IChannel channel, TopologyModel model, Random random)
    {
        if (model.Queues.Count == 0) return;
        string name = Any(model.Queues.Keys, random);
        await channel.QueueDeleteAsync(name, cancellationToken: Stop);
        model.Queues.Remove(name);
        model.Bindings.RemoveAll(binding => binding.ToQueue && binding.Destination == name);
    }

    private static bool Same(ModelBinding one, ModelBinding other) =>
        one.Source == other.Source && one.Destination == other.Destination && one.ToQueue == other.ToQueue && one.Rule.Key == other.Rule.Key
        && one.Rule.Arguments.Count == other.Rule.Arguments.Count
        && one.Rule.Arguments.All(argument => other.Rule.Arguments.TryGetValue(argument.Key, out object? value) && value.Equals(argument.Value));

    private static string Pattern(Random random) => string.Join('.', Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
        random.Next(5) switch { 0 => "*", 1 => "#", _ => Words[random.Next(Words.Length)] }));

    private static string Any(IReadOnlyCollection<string> names, Random random) => names.ElementAt(random.Next(names.Count));
}
