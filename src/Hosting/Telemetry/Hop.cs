using System.Security.Cryptography;
using System.Text;

namespace Quintet.Hosting.Telemetry;

/// <summary>
/// One stop on the way of a request or an event, small enough to be kept of all of them. Its payload is not in it: that stays in the outbox
/// and in the queues.
/// </summary>
/// <param name="Stage">What happened, one of <see cref="HopStage"/>, or a word of the service's own.</param>
/// <param name="Outcome">How it ended, in a word: <c>201</c>, <c>confirmed</c>, <c>failed</c>.</param>
public sealed record Hop(string Stage, string Outcome)
{
    /// <summary>The event's id, which is the message's, too.</summary>
    public string? EventId { get; init; }

    /// <summary>The event's type: <c>users.user-created</c>.</summary>
    public string? EventType { get; init; }

    /// <summary>What it is about: <c>users/184</c>.</summary>
    public string? Subject { get; init; }

    /// <summary>Where: a route, a queue, an instance.</summary>
    public string? Place { get; init; }

    /// <summary>Where it came from, if that is not said by the stage: an exchange, a queue.</summary>
    public string? Source { get; init; }

    /// <summary>More in words, without personal data: the reason of a failure, when it is tried again.</summary>
    public string? Detail { get; init; }

    /// <summary>Counts from 1, where there can be several.</summary>
    public int? Attempt { get; init; }

    public TimeSpan? Duration { get; init; }

    /// <summary>When it is tried again, counted from its end.</summary>
    public TimeSpan? Next { get; init; }

    /// <summary>The W3C <c>traceparent</c> it belongs to, where that is not the current activity's.</summary>
    public string? TraceParent { get; init; }

    /// <summary>
    /// An e-mail address. It leaves the process masked, as in <c>a••@example.org</c>, and as <see cref="HashOf"/>, by which the whole one is found.
    /// </summary>
    public string? Address { get; init; }

    /// <summary>The first letter of the local part, and the domain.</summary>
    public static string Mask(string address)
    {
        int at = address.LastIndexOf('@');
        return at <= 0 ? "••" : string.Concat(address.AsSpan(0, 1), "••", address.AsSpan(at));
    }

    /// <summary>
    /// What an address is found by: the first 128 bits of SHA-256 over it in lower case, hexadecimal. Who knows an address can compute it; who
    /// has only this can at most try addresses.
    /// </summary>
    public static string HashOf(string address) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.Trim().ToLowerInvariant())).AsSpan(0, 16));
}

/// <summary>The stages that the parts of Quintet note.</summary>
public static class HopStage
{
    /// <summary>The gateway has answered a request that may change something, or that failed.</summary>
    public const string Request = "request";

    /// <summary>An event was committed to the outbox, in one transaction with the change that caused it.</summary>
    public const string Outbox = "outbox";

    /// <summary>An event was handed to the broker.</summary>
    public const string Published = "published";

    /// <summary>The broker has put a message into a queue, or found none for it.</summary>
    public const string Queued = "queued";

    /// <summary>The broker has handed a message to a client.</summary>
    public const string Delivered = "delivered";

    /// <summary>A client has acknowledged a message to the broker, rejected it, or given it back.</summary>
    public const string Settled = "settled";

    /// <summary>A consumer's attempt to handle an event has ended.</summary>
    public const string Handled = "handled";

    /// <summary>A service has called another one while it handled an event.</summary>
    public const string Call = "call";

    /// <summary>A mail was handed over.</summary>
    public const string Mail = "mail";
}
