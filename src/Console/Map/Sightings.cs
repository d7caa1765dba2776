using Quintet.Console.Parts;
using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Map;

/// <summary>What was seen to flow, and between which nodes.</summary>
internal sealed class Sightings
{
    /// <summary>A hop may tell no duration and counts as none then, which is in the first bucket.</summary>
    private static readonly TimeSpan Untimed = TimeSpan.FromMicroseconds(1);

    private readonly Declarations _declared;
    private readonly Dictionary<Way, Traffic> _traffic = [];

    /// <param name="declared">What there is.</param>
    /// <param name="calls">Those of the whole time.</param>
    /// <param name="recent">Those of the last minute.</param>
    public Sightings(Declarations declared, IReadOnlyList<CallEdge> calls, IReadOnlyList<CallEdge> recent)
    {
        _declared = declared;
        Dictionary<(Peer, Peer), CallEdge> now = recent.ToDictionary(edge => (edge.From, edge.To));
        foreach (CallEdge edge in calls.OrderBy(TurnOf)) Note(edge, TrafficOf(edge, now.GetValueOrDefault((edge.From, edge.To))));
        AskBroker();
    }

    public IReadOnlyDictionary<Way, Traffic> Traffic => _traffic;

    private static Traffic TrafficOf(CallEdge whole, CallEdge? recent)
    {
        CallEdge shown = recent ?? whole;
        bool isTimed = shown.P99 > Untimed;
        return new Traffic(
            whole.Count, shown.Rate, shown.ErrorShare, isTimed ? shown.P50 : null, isTimed ? shown.P99 : null, recent is not null);
    }

    /// <summary>What is seen at queues comes before what is seen at their exchanges, which tells of the same.</summary>
    private static int TurnOf(CallEdge edge) => edge.To.Kind == PeerKind.Exchange ? 2 : edge.From.Kind == PeerKind.Exchange ? 1 : 0;

    private void Note(CallEdge edge, Traffic traffic)
    {
        if (edge.To.Kind == PeerKind.Exchange) ToExchange(edge, traffic);
        else if (edge.From.Kind == PeerKind.Exchange) FromExchange(edge, traffic);
        else Add(KeyOf(edge.From), EndOf(edge), traffic);
    }

    private void Add(NodeKey? from, NodeKey? to, Traffic traffic)
    {
        if (from is not { } caller || to is not { } called || caller == called) return;
        Way way = new(caller, called);
        _traffic[way] = _traffic.TryGetValue(way, out Traffic? there) ? there.And(traffic) : traffic;
    }

    /// <summary>Null for what is not on the map.</summary>
    private NodeKey? KeyOf(Peer peer) => peer.Kind switch
    {
        PeerKind.Outside => NodeKey.Outside,
        PeerKind.Service => KeyOfPart(peer.Name),
        PeerKind.Host => _declared.PartAt(peer.Name) is { } part ? KeyOfPart(part) : new NodeKey(NodeKind.Host, peer.Name),
        PeerKind.Queue => _declared.Queue(peer.Name) is null ? null : NodeKey.Queue(peer.Name),
        PeerKind.Exchange => new NodeKey(NodeKind.Exchange, peer.Name),
        PeerKind.Database => new NodeKey(NodeKind.Database, peer.Name),
        _ => new NodeKey(NodeKind.Mail, peer.Name),
    };

    private static NodeKey? KeyOfPart(string name)
    {
        string part = PartName.Of(name);
        return part == "gateway" ? NodeKey.Gateway : Declarations.IsGround(part) ? null : NodeKey.Service(name);
    }

    /// <summary>A service that tells which database it has, and whose spans name one of that kind, has the one.</summary>
    private NodeKey? EndOf(CallEdge edge) =>
        edge.To.Kind == PeerKind.Database && _declared.Service(edge.From.Name) is { Database: { } database } service
        && edge.To.Name.StartsWith(database, StringComparison.OrdinalIgnoreCase) ? Declarations.DatabaseOf(service) : KeyOf(edge.To);

    /// <summary>A broker that sends no spans leaves the queue out; where only one can be meant, it is that one.</summary>
    private void FromExchange(CallEdge edge, Traffic traffic)
    {
        if (edge.To.Kind == PeerKind.Queue)
        {
            DeclaredService[] publishers = _declared.Queue(edge.To.Name) is { } queue ? [.. PublishersOf(queue)] : [];
            Add(publishers is [{ } publisher] ? NodeKey.Service(publisher.Name) : KeyOf(edge.From), KeyOf(edge.To), traffic);
            return;
        }

        DeclaredQueue[] own = [.. _declared.OwnedBy(edge.To.Name).Where(queue => queue.IsFedBy(edge.From.Name))];
        if (own.Length == 0) Add(KeyOf(edge.From), KeyOf(edge.To), traffic);
        else if (own is [{ } only]) Add(NodeKey.Queue(only.Name), KeyOf(edge.To), traffic);
    }

    /// <summary>
    /// What is published goes to the queues that take it. How long it took and what failed was seen at the exchange, and holds for each of them:
    /// the broker's part, which is seen at the queue, is over before the publisher knows.
    /// </summary>
    private void ToExchange(CallEdge edge, Traffic published)
    {
        if (KeyOf(edge.From) is not { } from) return;
        Way[] seen = [.. _declared.Queues.Where(queue => queue.IsFedBy(edge.To.Name)).Select(queue => new Way(from, NodeKey.Queue(queue.Name)))
            .Where(_traffic.ContainsKey)];
        foreach (Way way in seen) _traffic[way] = _traffic[way] with { ErrorShare = published.ErrorShare, P50 = published.P50, P99 = published.P99 };
        if (seen.Length > 0) return;
        DeclaredQueue[] fed = _declared.Service(edge.From.Name) is { } service ? [.. _declared.FedBy(service, edge.To.Name)] : [];
        Add(from, fed is [{ } only] ? NodeKey.Queue(only.Name) : KeyOf(edge.To), published);
    }

    /// <summary>The broker's own counters tell of what no span told, where there is one publisher or one owner they can mean.</summary>
    private void AskBroker()
    {
        foreach (DeclaredQueue queue in _declared.Queues)
        {
            NodeKey key = NodeKey.Queue(queue.Name);
            if (!_traffic.Keys.Any(way => way.To == key) && PublishersOf(queue).ToArray() is [{ } publisher])
                AddRate(NodeKey.Service(publisher.Name), key, queue.Info.Rate("publish"));
            if (!_traffic.Keys.Any(way => way.From == key) && _declared.Services.FirstOrDefault(service => service.Owns(queue.Name)) is { } owner)
                AddRate(key, NodeKey.Service(owner.Name), queue.Info.Rate("deliver_get"));
        }
    }

    private void AddRate(NodeKey from, NodeKey to, double? rate)
    {
        if (rate is > 0) Add(from, to, new Traffic(null, rate.Value, 0, null, null, true));
    }

    private IEnumerable<DeclaredService> PublishersOf(DeclaredQueue queue) =>
        _declared.Services.Where(service => service.Publishes.Any(type => queue.Takes(Declarations.Events, type)));
}
