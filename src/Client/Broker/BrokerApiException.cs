using System.Net;

namespace Quintet.Client.Broker;

/// <summary>The management API refused, failed, or could not be reached.</summary>
public sealed class BrokerApiException : Exception
{
    internal BrokerApiException(string message, HttpStatusCode? status, Exception? inner = null)
        : base(message, inner) => Status = status;

    /// <summary>Its answer's status; null when it cannot be reached.</summary>
    public HttpStatusCode? Status { get; }
}
