using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary>Which instances a caller wants: those that bear every tag, on nodes that have all of some metadata.</summary>
internal sealed record InstanceQuery(IReadOnlyList<string> Tags, IReadOnlyList<(string Key, string Value)> NodeMeta)
{
    public static InstanceQuery Of(Call call) => new(
        [.. call.Target.Values("tag")],
        [.. call.Target.Values("node-meta").Select(Pair)]);

    /// <summary>Consul matches tags without regard to case.</summary>
    public bool Matches(NodeEntry node, InstanceEntry instance) =>
        MatchesNode(node) && Tags.All(tag => instance.Row.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase));

    public bool MatchesNode(NodeEntry node) =>
        NodeMeta.All(wanted => node.Row.Meta is not null && node.Row.Meta.TryGetValue(wanted.Key, out string? value) && value == wanted.Value);

    private static (string Key, string Value) Pair(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
    }
}
