namespace Quintet.Registry.Tables;

internal enum ScopeKind
{
    /// <summary>The instances of one service, their checks and the nodes they are on.</summary>
    Service,

    /// <summary>The map from service names to tags.</summary>
    Services,

    /// <summary>The table of nodes.</summary>
    Nodes,

    /// <summary>Everything on one node.</summary>
    Node,

    /// <summary>The table of checks.</summary>
    Checks,

    /// <summary>One key.</summary>
    Key,

    /// <summary>All keys that begin alike.</summary>
    KeyPrefix,

    /// <summary>The table of sessions.</summary>
    Sessions,
}

/// <summary>What a blocking query waits for: the part of the state whose change may change its answer.</summary>
internal readonly record struct Scope(ScopeKind Kind, string Name)
{
    public static Scope Services { get; } = new(ScopeKind.Services, "");

    public static Scope Nodes { get; } = new(ScopeKind.Nodes, "");

    public static Scope Checks { get; } = new(ScopeKind.Checks, "");

    public static Scope Sessions { get; } = new(ScopeKind.Sessions, "");

    /// <summary>Consul matches service names without regard to case.</summary>
    public static Scope Service(string name) => new(ScopeKind.Service, name.ToLowerInvariant());

    public static Scope Node(string name) => new(ScopeKind.Node, name.ToLowerInvariant());

    public static Scope Key(string key) => new(ScopeKind.Key, key);

    public static Scope KeyPrefix(string prefix) => new(ScopeKind.KeyPrefix, prefix);
}
