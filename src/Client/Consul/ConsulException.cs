using System.Net;

namespace Quintet.Client.Consul;

/// <summary>The registry could not be reached, did not answer in time, or refused.</summary>
public sealed class ConsulException : Exception
{
    internal ConsulException(string message, HttpStatusCode? status = null, Exception? inner = null)
        : base(message, inner) => Status = status;

    /// <summary>The status it answered with; null when there was no usable answer.</summary>
    public HttpStatusCode? Status { get; }
}
