using Quintet.Console.Parts;

namespace Quintet.Console.Map;

/// <summary>What stands on the map.</summary>
public enum NodeKind
{
    /// <summary>Whoever calls the gateway.</summary>
    Outside,

    /// <summary>The gateway.</summary>
    Gateway,

    /// <summary>A service.</summary>
    Service,

    /// <summary>A queue of the broker that a service takes from.</summary>
    Queue,

    /// <summary>An exchange that is published to without a known queue.</summary>
    Exchange,

    /// <summary>A service's database.</summary>
    Database,

    /// <summary>A mail server or a pickup folder.</summary>
    Mail,

    /// <summary>A host that is no part of the system.</summary>
    Host,
}

/// <summary>Where on the map a node stands, from left to right.</summary>
public enum MapLayer
{
    /// <summary>Whoever calls.</summary>
    Outside,

    /// <summary>The gateway.</summary>
    Gateway,

    /// <summary>Services that feed more queues than they take from, and those without queues.</summary>
    Front,

    /// <summary>What the broker keeps.</summary>
    Broker,

    /// <summary>Services that take from more queues than they feed.</summary>
    Behind,

    /// <summary>Databases, mail, other hosts.</summary>
    Stores,
}

/// <summary>What a node is; the same whatever flows.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name, unique among those of its kind; empty where there is one alone.</param>
public readonly record struct NodeKey(NodeKind Kind, string Name)
{
    /// <summary>Whoever calls.</summary>
    public static readonly NodeKey Outside = new(NodeKind.Outside, "");

    /// <summary>The one gateway.</summary>
    public static readonly NodeKey Gateway = new(NodeKind.Gateway, "");

    /// <summary>A service.</summary>
    public static NodeKey Service(string name) => new(NodeKind.Service, name);

    /// <summary>A queue.</summary>
    public static NodeKey Queue(string name) => new(NodeKind.Queue, name);

    /// <summary><c>service:users</c>, <c>gateway</c>.</summary>
    public override string ToString() => Name.Length == 0 ? Kind.ToString().ToLowerInvariant() : $"{Kind.ToString().ToLowerInvariant()}:{Name}";
}

/// <summary>From a node to another.</summary>
/// <param name="From">Who calls, publishes or hands out.</param>
/// <param name="To">The other.</param>
public readonly record struct Way(NodeKey From, NodeKey To)
{
    /// <summary>Both ends, as an id.</summary>
    public override string ToString() => $"{From}>{To}";
}

/// <summary>One thing on the map.</summary>
/// <param name="Key">What it is.</param>
/// <param name="Layer">Its column.</param>
public sealed record MapNode(NodeKey Key, MapLayer Layer)
{
    /// <summary>Its key as text.</summary>
    public string Id => Key.ToString();

    /// <summary>What people call it.</summary>
    public string Name => Key.Kind == NodeKind.Database ? $"{Key.Name} database" : Key.Name.Length > 0 ? Key.Name : Key.ToString();

    /// <summary>How it is: a level of <see cref="Summary"/>; null for what the console cannot ask.</summary>
    public string? Level { get; init; }

    /// <summary>The same in a few words: <c>2 instances</c>, <c>1 of 2 ready</c>, <c>3 dead letters</c>.</summary>
    public string Says { get; init; } = "";

    /// <summary>Its processes, well or not.</summary>
    public int Instances { get; init; }

    /// <summary>Those that are ready.</summary>
    public int Ready { get; init; }

    /// <summary>Messages in the queue.</summary>
    public long Waiting { get; init; }

    /// <summary>Those of its messages that a service gave up.</summary>
    public long DeadLetters { get; init; }

    /// <summary>Where they are.</summary>
    public string? DeadQueue { get; init; }
}
