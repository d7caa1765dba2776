using Quintet.Console.Parts;
using Quintet.Console.Telemetry.Figures;

namespace Quintet.Console.Map;

/// <summary>The live graph: who gives what to whom, as declared and as seen.</summary>
/// <param name="Nodes">By layer and name.</param>
/// <param name="Edges">In the order of the nodes.</param>
public sealed record SystemMap(IReadOnlyList<MapNode> Nodes, IReadOnlyList<MapEdge> Edges)
{
    private readonly Dictionary<NodeKey, MapNode> _byKey = Nodes.ToDictionary(node => node.Key);

    /// <summary>How the broker is, on which all queues depend.</summary>
    public string BrokerLevel { get; init; } = Summary.Ok;

    /// <summary>Whether anything was seen.</summary>
    public bool HasTraffic => Edges.Any(edge => edge.Traffic is not null);

    /// <summary>A node that is there.</summary>
    public MapNode this[NodeKey key] => _byKey[key];

    /// <summary>A node by its id, if it is there.</summary>
    public MapNode? Node(string id) => Nodes.FirstOrDefault(node => node.Id == id);

    /// <summary>An edge by its id, if it is there.</summary>
    public MapEdge? Edge(string id) => Edges.FirstOrDefault(edge => edge.Id == id);

    /// <summary>Joins what is declared and what was seen.</summary>
    /// <param name="picture">What the parts declare.</param>
    /// <param name="calls">What was seen in the whole time.</param>
    /// <param name="recent">What was seen in the last minute.</param>
    internal static SystemMap Of(SystemPicture picture, IReadOnlyList<CallEdge> calls, IReadOnlyList<CallEdge> recent)
    {
        Declarations declared = new(picture);
        IReadOnlyDictionary<Way, Traffic> seen = new Sightings(declared, calls, recent).Traffic;
        Way[] ways = [.. declared.Edges.Keys.Union(seen.Keys)];
        NodeKey[] keys = [.. ways.SelectMany(way => (NodeKey[])[way.From, way.To]).Union(KeysOf(declared))];
        NodeReader reader = new(declared);
        MapNode[] nodes = [.. keys.Select(reader.Read).OrderBy(node => node.Layer).ThenBy(node => node.Id, StringComparer.Ordinal)];
        Dictionary<NodeKey, int> place = nodes.Index().ToDictionary(node => node.Item.Key, node => node.Index);
        return new SystemMap(nodes, [.. ways.OrderBy(way => place[way.From]).ThenBy(way => place[way.To]).Select(way => EdgeOf(way, declared, seen))])
        {
            BrokerLevel = picture.Queues.Fault is not null ? Summary.Failing
                : picture.Processes.FirstOrDefault(process => process.Part == "broker") is { } broker ? Summary.LevelOf(broker.State) : Summary.Ok,
        };
    }

    /// <summary>What is there whether or not anything leads to it.</summary>
    private static IEnumerable<NodeKey> KeysOf(Declarations declared) =>
    [
        .. declared.Gateway.Count > 0 ? [NodeKey.Gateway] : Array.Empty<NodeKey>(), .. declared.Services.Select(service => NodeKey.Service(service.Name)),
        .. declared.Queues.Select(queue => NodeKey.Queue(queue.Name)),
    ];

    private static MapEdge EdgeOf(Way way, Declarations declared, IReadOnlyDictionary<Way, Traffic> seen)
    {
        Traffic? traffic = seen.GetValueOrDefault(way);
        bool isDeclared = declared.Edges.TryGetValue(way, out string? what);
        EdgeState state = (isDeclared, traffic) switch
        {
            (true, null) => IsHidden(way, seen) ? EdgeState.Unmeasured : EdgeState.Unseen,
            (false, _) when IsForbidden(way, declared) => EdgeState.Undeclared,
            _ => EdgeState.Seen,
        };
        return new MapEdge(way, state, what ?? "", traffic);
    }

    /// <summary>
    /// A service whose spans tell of its work, and of no database, does not tell of it; and what goes through the gateway is not seen as that of the
    /// service which sent it there.
    /// </summary>
    private static bool IsHidden(Way way, IReadOnlyDictionary<Way, Traffic> seen) =>
        (way.To.Kind == NodeKind.Database && seen.Any(other => other.Key.To == way.From && other.Value.Count is not null))
        || (way is { From.Kind: NodeKind.Service, To.Kind: NodeKind.Service } && seen.ContainsKey(new Way(way.From, NodeKey.Gateway)));

    /// <summary>Whether the service at one of its ends says what it does, and does not say this.</summary>
    private static bool IsForbidden(Way way, Declarations declared)
    {
        DeclaredService? service = declared.Service(way.From.Kind == NodeKind.Service ? way.From.Name : way.To.Name);
        return service is { SaysWhatItDoes: true } && (way.From.Kind, way.To.Kind) switch
        {
            (NodeKind.Service, NodeKind.Gateway) => service.Calls.Count == 0,
            (NodeKind.Service, NodeKind.Service or NodeKind.Queue or NodeKind.Exchange) => true,
            (NodeKind.Gateway or NodeKind.Queue or NodeKind.Exchange, NodeKind.Service) => true,
            _ => false, // who comes from outside, and which mail and hosts a service uses, is declared nowhere
        };
    }
}
