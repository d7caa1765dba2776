using System.Security.Cryptography;
using System.Text;
using Quintet.Client.Broker;

namespace Quintet.Engines;

/// <summary>Whether a user of a RabbitMQ has a password, from the hash that its management API shows: nothing is set anew that is right.</summary>
internal static class RabbitPassword
{
    private const int SaltLength = 4;

    public static bool IsOf(UserInfo user, string password)
    {
        // Of another algorithm nothing can be said here.
        if (user.HashingAlgorithm != "rabbit_password_hashing_sha256" || user.PasswordHash is not { Length: > 0 } text) return false;
        Span<byte> stored = stackalloc byte[SaltLength + SHA256.HashSizeInBytes];
        if (!Convert.TryFromBase64String(text, stored, out int length) || length != stored.Length) return false;
        byte[] hash = SHA256.HashData([.. stored[..SaltLength], .. Encoding.UTF8.GetBytes(password)]);
        return CryptographicOperations.FixedTimeEquals(hash, stored[SaltLength..]);
    }
}
