using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Quintet.Hosting.Supervised;

/// <summary>
/// What opens a service's operations endpoints (<c>/quintet/…</c>). Each service has its own, made from one key, so that who holds the key can ask
/// services that came later, and no service can ask another.
/// </summary>
public static class OperationsToken
{
    /// <summary>Where a service finds its token; without it there are no such endpoints.</summary>
    public const string Variable = "QUINTET_OPERATIONS_TOKEN";

    /// <summary>HMAC-SHA256 of the service's name under the key (RFC 2104), as base64url of 43 characters.</summary>
    public static string Of(string key, string service) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"operations of {service}")));
}
