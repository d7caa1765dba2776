using System.Net;

namespace Quintet.Client.Configuration;

/// <summary>The configuration server answered, but not with a configuration.</summary>
/// <param name="status">
/// 404: no such label, try the next one; 401 or 403: the token; 500: a file in the repository cannot be read and there never was a good
/// copy. Null: the answer was not this protocol at all.
/// </param>
/// <param name="message">What the server said.</param>
public sealed class ConfigServerException(HttpStatusCode? status, string message) : Exception(message)
{
    /// <summary>The status of the answer; null when the answer was a success that cannot be read.</summary>
    public HttpStatusCode? Status { get; } = status;
}
