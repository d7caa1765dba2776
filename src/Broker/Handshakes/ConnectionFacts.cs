using Quintet.Broker.Amqp;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Handshakes;

/// <summary>What the handshake agreed on.</summary>
internal sealed record ConnectionFacts
{
    private const int ShownMax = 100;

    public required string User { get; init; }

    public required string Vhost { get; init; }

    /// <summary>The virtual host that was entered; another of the same name may be there by now.</summary>
    public required VirtualHost Entered { get; init; }

    public required string Mechanism { get; init; }

    public required int ChannelMax { get; init; }

    public required uint FrameBytesMax { get; init; }

    public required TimeSpan Heartbeat { get; init; }

    public required FieldTable ClientProperties { get; init; }

    public FieldTable Capabilities => ClientProperties.TryGet("capabilities", out FieldValue value) && value.Object is FieldTable table ? table
        : FieldTable.Empty;

    /// <summary>Who it is, in words: the user, and what the client calls its connection, of which no more is passed on than somebody reads.</summary>
    public string Peer => field ??= ClientProperties.Text("connection_name") is { } name
        ? $"{User} ({(name.Length > ShownMax ? $"{name.AsSpan(0, ShownMax)}…" : name)})"
        : User;

    /// <summary>The client wants to be told that a queue went from under its consumer.</summary>
    public bool WantsCancelNotice => Capabilities.Flag("consumer_cancel_notify");

    /// <summary>The client wants to be told why its publishing is held back.</summary>
    public bool WantsBlockedNotice => Capabilities.Flag("connection.blocked");
}
