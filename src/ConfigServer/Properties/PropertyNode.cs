namespace Quintet.ConfigServer.Properties;

/// <summary>What YAML and JSON have in common before flattening.</summary>
internal abstract record PropertyNode(int Line, int Column);

/// <summary>A scalar that has its type already; <paramref name="Value"/> is null for null.</summary>
internal sealed record ScalarNode(PropertyValue? Value, int Line, int Column) : PropertyNode(Line, Column);

/// <summary>A list. An alias puts the same node into several places, so nodes are never changed after reading.</summary>
internal sealed record ListNode(IReadOnlyList<PropertyNode> Items, int Line, int Column) : PropertyNode(Line, Column);

/// <summary>A map, in the order of the file. A key that is not text has been written as <c>[key]</c>, as Spring does.</summary>
internal sealed record MapNode(IReadOnlyList<KeyValuePair<string, PropertyNode>> Entries, int Line, int Column) : PropertyNode(Line, Column);
