using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Quintet.Engines;

/// <summary>
/// What PostgreSQL keeps of a password (RFC 5802, SCRAM-SHA-256), made here: a server that logs its statements then logs no password.
/// </summary>
internal static class PostgresPassword
{
    private const int Iterations = 4096; // PostgreSQL's own number; these passwords are 256 random bits, which nobody guesses anyway

    public static string VerifierOf(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.ASCII.GetBytes(password), salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        byte[] storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        byte[] serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        return string.Create(CultureInfo.InvariantCulture,
            $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(storedKey)}:{Convert.ToBase64String(serverKey)}");
    }
}
