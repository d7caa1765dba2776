// A password hash as RabbitMQ stores and exchanges it, in base64:
//
//   | salt, 4 octets | hash of (salt, password as UTF-8): 32 octets of SHA-256, or 64 of SHA-512 |

using System.Security.Cryptography;
using System.Text;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Access;

/// <summary>A salted hash of a password. Immutable.</summary>
internal sealed class PasswordHash
{
    public const string Sha256 = "rabbit_password_hashing_sha256";

    public const string Sha512 = "rabbit_password_hashing_sha512";

    private const int SaltBytes = 4;

    private readonly byte[] _octets;

    private PasswordHash(string algorithm, byte[] octets) => (Algorithm, _octets) = (algorithm, octets);

    /// <summary>RabbitMQ's name of the algorithm.</summary>
    public string Algorithm { get; }

    /// <summary>Salt and hash in base64.</summary>
    public string Text => Convert.ToBase64String(_octets);

    /// <summary>Hashes with SHA-256 and a new salt; null for the empty password, with which nobody may log in.</summary>
    public static PasswordHash? Of(string password)
    {
        if (password.Length == 0) return null;
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new PasswordHash(Sha256, [.. salt, .. Hash(Sha256, salt, password)]);
    }

    /// <summary>Reads one made elsewhere; empty text is a user without a password.</summary>
    /// <param name="text">Salt and hash in base64.</param>
    /// <param name="algorithm">RabbitMQ's name; null means SHA-256, RabbitMQ's default since 3.6.</param>
    /// <exception cref="ChangeRefusedException">It is neither of the known algorithms, or not of their length.</exception>
    public static PasswordHash? Read(string text, string? algorithm)
    {
        int length = (algorithm ?? Sha256) switch
        {
            Sha256 => SHA256.HashSizeInBytes,
            Sha512 => SHA512.HashSizeInBytes,
            _ => throw new ChangeRefusedException($"hashing_algorithm '{algorithm}' is not served: {Sha256} and {Sha512} are"),
        };
        if (text.Length == 0) return null;
        byte[] octets = new byte[SaltBytes + length + 1];
        if (!Convert.TryFromBase64String(text, octets, out int read) || read != SaltBytes + length)
            throw new ChangeRefusedException($"password_hash is not the base64 of a salt of {SaltBytes} octets and a hash of {length}");
        return new PasswordHash(algorithm ?? Sha256, octets[..read]);
    }

    /// <summary>Compares in a time that does not depend on where the two differ.</summary>
    public bool Matches(string? presented) =>
        presented is not null
        && CryptographicOperations.FixedTimeEquals(Hash(Algorithm, _octets.AsSpan(0, SaltBytes), presented), _octets.AsSpan(SaltBytes));

    private static byte[] Hash(string algorithm, ReadOnlySpan<byte> salt, string password)
    {
        byte[] salted = [.. salt, .. Encoding.UTF8.GetBytes(password)];
        return algorithm == Sha512 ? SHA512.HashData(salted) : SHA256.HashData(salted);
    }
}
