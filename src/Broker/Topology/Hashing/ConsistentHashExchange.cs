using System.Globalization;
using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Broker.Topology.Declarations;

namespace Quintet.Broker.Topology.Hashing;

/// <summary>
/// x-consistent-hash: each message goes to one destination, the same one for the same routing key (or header, or property), each destination
/// getting its share by the weight in its binding key. Weighted rendezvous hashing: the destination with the least -ln(hash) / weight wins, so
/// that a binding more or less moves only the keys it gets or had, whatever the order of bindings, also over a restart.
/// </summary>
internal sealed class ConsistentHashExchange : Exchange
{
    private readonly byte[]? _header;
    private readonly string? _property;
    private volatile Share[] _shares = [];

    public ConsistentHashExchange(ExchangeSettings settings)
        : base(settings)
    {
        _header = settings.Arguments.Text("hash-header") is { } header ? Encoding.UTF8.GetBytes(header) : null;
        _property = settings.Arguments.Text("hash-property");
    }

    public override bool PicksOne => true;

    /// <summary>Refuses what the plugin refuses, in its words.</summary>
    public static void Check(ExchangeSettings declared)
    {
        foreach (string name in (string[])["hash-header", "hash-property"])
            if (declared.Arguments.TryGet(name, out FieldValue value) && value.Text is null)
                throw new AmqpException(ReplyCode.PreconditionFailed, $"invalid type '{value.KindName}' for arg '{name}' in {declared.Described}");
        string? property = declared.Arguments.Text("hash-property");
        if (property is null) return;
        if (declared.Arguments.Text("hash-header") is not null)
            throw new AmqpException(ReplyCode.PreconditionFailed, "hash-header and hash-property are mutually exclusive");
        if (property is not ("correlation_id" or "message_id" or "timestamp"))
            throw new AmqpException(ReplyCode.PreconditionFailed, $"Unsupported property: {property}");
    }

    public static void Check(BindingTerms binding)
    {
        if (!TryWeight(binding.RoutingKey, out long weight))
            throw new AmqpException(
                ReplyCode.PreconditionFailed,
                $"The binding key must be an integer: {ErlangTerm.Binary(Encoding.UTF8.GetBytes(binding.RoutingKey))}");
        if (weight < 1) throw new AmqpException(ReplyCode.PreconditionFailed, "The binding key must be greater than 0");
    }

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        Share[] shares = _shares;
        if (shares.Length == 0) return false;
        ulong key = HashOf(message);
        Share best = shares[0];
        double least = double.MaxValue;
        foreach (Share share in shares)
        {
            // 53 bits make a number in (0, 1].
            double random = ((StableHash.Mix(key ^ share.Hash) >> 11) + 1) * (1.0 / (1UL << 53));
            double distance = -Math.Log(random) / share.Weight;
            if (distance >= least) continue;
            least = distance;
            best = share;
        }

        result.Add(best.Destination);
        return true;
    }

    // A destination bound more than once counts with its greatest weight.
    protected override void Changed(Binding binding, bool isNew) =>
        _shares = [.. Bindings.GroupBy(other => other.Destination).Select(group => new Share(
            group.Key,
            StableHash.Of($"{(group.Key.Queue is null ? 'e' : 'q')}{group.Key.Name}"),
            group.Max(other => TryWeight(other.RoutingKey, out long weight) ? weight : 1)))];

    private ulong HashOf(in RoutedMessage message)
    {
        if (_header is not null) return StableHash.Of(FieldTableReader.RawValue(message.Headers, _header));
        if (_property is null) return StableHash.Of(message.RoutingKey);
        return BasicProperties.TryParse(message.Properties, out BasicProperties properties) ? StableHash.Of(properties.Raw(_property)) : 0;
    }

    private static bool TryWeight(string key, out long weight) =>
        long.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out weight);

    private sealed record Share(Destination Destination, ulong Hash, long Weight);
}
