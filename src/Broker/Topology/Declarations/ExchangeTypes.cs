using Quintet.Broker.Queues;
using Quintet.Broker.Topology.Deduplication;
using Quintet.Broker.Topology.Delays;
using Quintet.Broker.Topology.Hashing;

namespace Quintet.Broker.Topology.Declarations;

/// <summary>A kind of exchange: its name, what the management API says of it, and how one is made (null when its arguments name no type within).</summary>
internal sealed record ExchangeType(
    string Name, string Description, Func<ExchangeSettings, Func<string, Exchange?>, QueueServices, Exchange?> Create)
{
    /// <summary>Refuses a binding that the type cannot route by; null when it takes any.</summary>
    public Action<BindingTerms>? CheckBinding { get; init; }
}

/// <summary>The types of exchanges there are.</summary>
internal static class ExchangeTypes
{
    public static readonly IReadOnlyList<ExchangeType> All =
    [
        new("direct", "AMQP direct exchange, as per the AMQP specification", (settings, find, _) => new DirectExchange(settings) { FindExchange = find }),
        new("fanout", "AMQP fanout exchange, as per the AMQP specification", (settings, find, _) => new FanoutExchange(settings) { FindExchange = find }),
        new("headers", "AMQP headers exchange, as per the AMQP specification", (settings, find, _) => new HeadersExchange(settings) { FindExchange = find })
        {
            CheckBinding = HeadersExchange.Check,
        },
        new("topic", "AMQP topic exchange, as per the AMQP specification", (settings, find, _) => new TopicExchange(settings) { FindExchange = find }),
        new("x-consistent-hash", "Consistent Hashing Exchange", (settings, find, _) => new ConsistentHashExchange(settings) { FindExchange = find })
        {
            CheckBinding = ConsistentHashExchange.Check,
        },
        new(DelayedExchange.TypeName, "Delayed Message Exchange.", CreateDelayed),
        new("x-local-random", "Picks one random local binding (queue) to route via (to).",
            (settings, find, _) => new PickingExchange(settings, Pick.LocalRandom) { FindExchange = find })
        {
            CheckBinding = PickingExchange.CheckLocal,
        },
        new(DeduplicationExchange.TypeName, "Message Deduplication Exchange.",
            (settings, find, services) => new DeduplicationExchange(settings, services) { FindExchange = find }),
        new("x-modulus-hash", "Modulus Hashing Exchange", (settings, find, _) => new PickingExchange(settings, Pick.Modulus) { FindExchange = find }),
        new("x-random", "AMQP random exchange. Like a direct exchange, but randomly chooses who to route to.",
            (settings, find, _) => new PickingExchange(settings, Pick.Random) { FindExchange = find }),
    ];

    private static readonly Dictionary<string, ExchangeType> ByName = All.ToDictionary(type => type.Name, StringComparer.Ordinal);

    public static ExchangeType? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The type that routes in the end: the one within a delayed exchange.</summary>
    public static string Routing(ExchangeSettings settings) =>
        settings.Type == DelayedExchange.TypeName ? settings.Arguments.Text(DelayedExchange.TypeArgument) ?? "" : settings.Type;

    /// <exception cref="Amqp.AmqpException">406: the exchange cannot route by such a binding.</exception>
    public static void Check(ExchangeSettings source, BindingTerms binding) => Find(Routing(source))?.CheckBinding?.Invoke(binding);

    private static DelayedExchange? CreateDelayed(ExchangeSettings settings, Func<string, Exchange?> find, QueueServices services) =>
        Exchange.TryCreate(
            settings with { Type = Routing(settings) }, find, services, out Exchange? inner)
            ? new DelayedExchange(settings, inner, services) { FindExchange = find }
            : null;
}
