using System.Net;

namespace Quintet.Client.Supervisor;

/// <summary>The supervisor refused, failed, or could not be reached.</summary>
public sealed class SupervisorException : Exception
{
    internal SupervisorException(string message, HttpStatusCode? status, IReadOnlyList<string> log, Exception? inner = null)
        : base(message, inner) => (Status, Log) = (status, log);

    /// <summary>Its answer's status: 404 no such part, 409 something else is going on, 504 not ready in time; null when it cannot be reached.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The last log lines of what failed; empty when there are none.</summary>
    public IReadOnlyList<string> Log { get; }
}
