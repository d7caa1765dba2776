using System.Buffers.Text;
using System.Security.Cryptography;

namespace Quintet.Broker.Connections;

/// <summary>Names of queues, exchanges and consumers: those the server makes, and what it makes of a client's.</summary>
internal static class ServerNames
{
    /// <summary>What is declared or deleted loses its line ends, as in RabbitMQ: such names come from scripts and files by mistake.</summary>
    public static string OnOneLine(string name) =>
        name.AsSpan().ContainsAny('\r', '\n')
            ? name.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal)
            : name;

    // 128 random bits in base64url, so that nobody can guess another's.
    public static string Queue() => "amq.gen-" + Random();

    public static string Consumer() => "amq.ctag-" + Random();

    /// <summary>An address for answers: whoever guessed one could answer in another's name.</summary>
    public static string Reply() => DirectReplies.PseudoQueue + "." + Random();

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
}
