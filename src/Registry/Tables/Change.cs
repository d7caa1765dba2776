using System.Text.Json.Serialization;

namespace Quintet.Registry.Tables;

/// <summary>
/// One row written or removed. Changes say what is, not what was asked: replaying them needs no rule of the moment they were made.
/// New members must be optional, since old logs are read for ever.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "t")]
[JsonDerivedType(typeof(NodePut), "node")]
[JsonDerivedType(typeof(NodeGone), "-node")]
[JsonDerivedType(typeof(ServicePut), "service")]
[JsonDerivedType(typeof(ServiceGone), "-service")]
[JsonDerivedType(typeof(CheckPut), "check")]
[JsonDerivedType(typeof(CheckGone), "-check")]
[JsonDerivedType(typeof(KeyPut), "key")]
[JsonDerivedType(typeof(KeyGone), "-key")]
[JsonDerivedType(typeof(SessionPut), "session")]
[JsonDerivedType(typeof(SessionGone), "-session")]
[JsonDerivedType(typeof(LocalNodeSet), "local")]
[JsonDerivedType(typeof(RemovalsForgotten), "forgotten")]
[JsonDerivedType(typeof(ScopesSet), "scopes")]
internal abstract record Change;

internal sealed record NodePut(NodeRow Row) : Change;

/// <summary>The node, its services and its checks are gone.</summary>
internal sealed record NodeGone(string Node) : Change;

internal sealed record ServicePut(ServiceRow Row) : Change;

/// <summary>The instance and its checks are gone.</summary>
internal sealed record ServiceGone(string Node, string Id) : Change;

internal sealed record CheckPut(CheckRow Row) : Change;

internal sealed record CheckGone(string Node, string Id) : Change;

internal sealed record KeyPut(KeyRow Row) : Change;

internal sealed record KeyGone(string Key) : Change;

internal sealed record SessionPut(SessionRow Row) : Change;

/// <summary>The session is gone; what becomes of its keys is in changes of their own.</summary>
internal sealed record SessionGone(string Id) : Change;

/// <summary>Which node this registry itself is.</summary>
internal sealed record LocalNodeSet(string Node) : Change;

/// <summary>
/// The older half of what is remembered of removed keys and services was given up. Logged, since it raises indexes, and an index may not
/// fall back when the log is read again.
/// </summary>
internal sealed record RemovalsForgotten(bool Keys, bool Services) : Change;

/// <summary>Ends a snapshot: the indexes of scopes, which rows alone do not tell (a removal leaves an index, but no row).</summary>
internal sealed record ScopesSet : Change
{
    public ulong NodesIndex { get; init; }

    public ulong ServicesIndex { get; init; }

    public ulong ChecksIndex { get; init; }

    public ulong SessionsIndex { get; init; }

    public ulong ServicesFloor { get; init; }

    public ulong KeysFloor { get; init; }

    public Dictionary<string, ulong> Services { get; init; } = [];

    public Dictionary<string, ulong> Nodes { get; init; } = [];

    public Dictionary<string, ulong> RemovedKeys { get; init; } = [];
}

/// <summary>All changes of one accepted write, under the index it was given.</summary>
internal sealed record Mutation(ulong Index, IReadOnlyList<Change> Changes);
