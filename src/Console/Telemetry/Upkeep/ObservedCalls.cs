using System.Text.Json;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Upkeep;

/// <summary>A call as its span tells it.</summary>
internal sealed record ObservedCall(Peer From, Peer To, long Start, long Duration, bool IsError);

/// <summary>Who called whom in one trace, by OpenTelemetry's semantic conventions, the present ones and those before.</summary>
internal sealed class ObservedCalls
{
    private readonly Dictionary<ulong, SettledSpan> _byId;
    private readonly ILookup<ulong, SettledSpan> _byParent;

    private ObservedCalls(IReadOnlyList<SettledSpan> spans)
    {
        _byId = spans.ToDictionary(span => span.Id);
        _byParent = spans.ToLookup(span => span.Parent);
    }

    public static List<ObservedCall> Of(IReadOnlyList<SettledSpan> spans)
    {
        ObservedCalls calls = new(spans);
        return [.. spans.Where(span => span.IsNew).Select(calls.CallOf).OfType<ObservedCall>()];
    }

    private ObservedCall? CallOf(SettledSpan span) => span.Kind switch
    {
        SettledSpan.Server => Served(span),
        SettledSpan.Client => Asked(span),
        SettledSpan.Producer when !span.IsOfBroker => Call(span, Service(span), ExchangeOf(span)),
        SettledSpan.Consumer when span.IsOfBroker => Delivered(span),
        SettledSpan.Consumer => Consumed(span),
        _ => null,
    };

    private static ObservedCall Call(SettledSpan span, Peer from, Peer to) => new(from, to, span.Start, span.Duration, span.IsError);

    private static Peer Service(SettledSpan span) => new(PeerKind.Service, span.Service);

    private ObservedCall? Served(SettledSpan span)
    {
        if (!_byId.TryGetValue(span.Parent, out SettledSpan? caller)) return Call(span, Peer.Outside, Service(span));
        return caller.Service == span.Service ? null : Call(span, Service(caller), Service(span));
    }

    /// <summary>A call to something that tells of it itself is counted there.</summary>
    private ObservedCall? Asked(SettledSpan span)
    {
        if (_byParent[span.Id].Any(child => child.Kind == SettledSpan.Server && child.Service != span.Service)) return null;
        using JsonDocument attributes = JsonDocument.Parse(span.Attributes);
        return PeerOf(attributes.RootElement) is { } peer ? Call(span, Service(span), peer) : null;
    }

    private static Peer? PeerOf(JsonElement attributes)
    {
        if (Text(attributes, "db.system.name", "db.system") is { } database)
            return new Peer(PeerKind.Database, Text(attributes, "db.namespace", "db.name") is { } name ? $"{database} {name}" : database);
        if (Text(attributes, "messaging.system") is not null) return new Peer(PeerKind.Exchange, Text(attributes, "messaging.destination.name") ?? "");
        if (Text(attributes, "peer.service", "server.address", "net.peer.name") is not { } host) return null;

        string? port = Text(attributes, "server.port", "net.peer.port");
        bool isMail = port is "25" or "465" or "587" || Text(attributes, "network.protocol.name") == "smtp";
        return new Peer(isMail ? PeerKind.Mail : PeerKind.Host, port is null ? host : $"{host}:{port}");
    }

    private static Peer ExchangeOf(SettledSpan span) => new(PeerKind.Exchange, DestinationOf(span) ?? "");

    /// <summary>From whoever published, where that is known: an exchange has many publishers, and not each of them feeds each of its queues.</summary>
    private ObservedCall Delivered(SettledSpan span)
    {
        Peer from = !_byId.TryGetValue(span.Parent, out SettledSpan? publish) || publish.Kind != SettledSpan.Producer ? Peer.Outside
            : publish.IsOfBroker ? ExchangeOf(publish) : Service(publish);
        return Call(span, from, new Peer(PeerKind.Queue, DestinationOf(span) ?? ""));
    }

    /// <summary>
    /// A client library and the service itself may each have a span of one delivery; those of the scope that took longest count. The queue's
    /// name is known when the broker tells of it, too.
    /// </summary>
    private ObservedCall? Consumed(SettledSpan span)
    {
        List<SettledSpan> siblings = [.. _byParent[span.Parent].Where(other => other.Kind == SettledSpan.Consumer)];
        if (span.Parent == 0) siblings = [span];
        string scope = siblings.Where(other => other.Service == span.Service).GroupBy(other => other.Scope)
            .OrderByDescending(spans => spans.Sum(other => (double)other.Duration)).ThenBy(spans => spans.Key, StringComparer.Ordinal).First().Key;
        if (span.Scope != scope) return null;

        string[] queues = [.. siblings.Where(other => other.IsOfBroker).Select(DestinationOf).OfType<string>().Distinct()];
        string? queue = queues.Length == 1 ? queues[0]
            : Array.Find(queues, name => name.StartsWith(span.Service + ".", StringComparison.Ordinal));
        string? exchange = siblings.Select(DestinationOf).FirstOrDefault(name => name is not null)
            ?? (_byId.TryGetValue(span.Parent, out SettledSpan? publish) ? DestinationOf(publish) : null);
        return Call(span, queue is null ? new Peer(PeerKind.Exchange, exchange ?? "") : new Peer(PeerKind.Queue, queue), Service(span));
    }

    private static string? DestinationOf(SettledSpan span)
    {
        using JsonDocument attributes = JsonDocument.Parse(span.Attributes);
        return Text(attributes.RootElement, "messaging.destination.name", "messaging.destination");
    }

    private static string? Text(JsonElement attributes, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
            if (attributes.TryGetProperty(key, out JsonElement value) && value.ToString() is { Length: > 0 } text) return text;
        return null;
    }
}
