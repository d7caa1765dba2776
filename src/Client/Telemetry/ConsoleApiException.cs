using System.Net;

namespace Quintet.Client.Telemetry;

/// <summary>The console refused, failed, or could not be reached.</summary>
public sealed class ConsoleApiException : Exception
{
    internal ConsoleApiException(string message, HttpStatusCode? status, Exception? inner = null)
        : base(message, inner) => Status = status;

    /// <summary>Its answer's status; null when it cannot be reached.</summary>
    public HttpStatusCode? Status { get; }
}
