using System.Buffers.Text;
using System.Security.Cryptography;

namespace Quintet.Broker.Connections;

/// <summary>Names the server makes: a prefix and 128 random bits in base64url, so that nobody can guess another's.</summary>
internal static class ServerNames
{
    public static string Queue() => "amq.gen-" + Random();

    public static string Consumer() => "amq.ctag-" + Random();

    /// <summary>An address for answers: whoever guessed one could answer in another's name.</summary>
    public static string Reply() => DirectReplies.PseudoQueue + "." + Random();

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
}
