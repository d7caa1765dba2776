namespace Quintet.Console.Map;

/// <summary>The map as the API gives it.</summary>
internal sealed record MapAnswer(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<NodeAnswer> Nodes, IReadOnlyList<EdgeAnswer> Edges)
{
    public static MapAnswer Of(SystemMap map, DateTimeOffset from, DateTimeOffset to) => new(
        from, to,
        [.. map.Nodes.Select(node => new NodeAnswer(
            node.Id, node.Key.Kind, node.Name, node.Layer, node.Level, node.Says, node.Instances, node.Ready, node.Waiting, node.DeadLetters))],
        [.. map.Edges.Select(edge => new EdgeAnswer(
            edge.Way.From.ToString(), edge.Way.To.ToString(), edge.State, edge.What, edge.Traffic?.Count, edge.Traffic?.Rate, edge.Traffic?.ErrorShare,
            edge.Traffic?.P50, edge.Traffic?.P99, edge.Traffic?.IsRecent ?? false))]);
}

/// <summary>A node; <c>Level</c> is ok, warning, failing or idle, or null for what the console cannot ask.</summary>
internal sealed record NodeAnswer(
    string Id, NodeKind Kind, string Name, MapLayer Layer, string? Level, string Says, int Instances, int Ready, long Waiting, long DeadLetters);

/// <summary>An edge; the figures are null where nothing was seen, and of the last minute where <c>Recent</c> says so.</summary>
internal sealed record EdgeAnswer(
    string From, string To, EdgeState State, string What, long? Count, double? Rate, double? ErrorShare, TimeSpan? P50, TimeSpan? P99, bool Recent);
