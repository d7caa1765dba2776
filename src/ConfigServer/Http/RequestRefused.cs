using Microsoft.AspNetCore.Http;
using Quintet.Hosting.Errors;

namespace Quintet.ConfigServer.Http;

/// <summary>Problem types under our own prefix, explained in docs/errors.md.</summary>
internal static class RefusalKind
{
    public static readonly string Request = Problems.TypeOf("config-request");
    public static readonly string Unauthorized = Problems.TypeOf("config-unauthorized");
    public static readonly string Forbidden = Problems.TypeOf("config-forbidden");
    public static readonly string Unknown = Problems.TypeOf("config-unknown");
    public static readonly string File = Problems.TypeOf("config-file");
    public static readonly string Precondition = Problems.TypeOf("config-precondition");
    public static readonly string Conflict = Problems.TypeOf("config-conflict");
    public static readonly string Busy = Problems.TypeOf("config-busy");
    public static readonly string Unserved = Problems.TypeOf("config-unserved");
}

/// <summary>A request cannot be answered as asked. The text goes to the client.</summary>
/// <param name="status">The status.</param>
/// <param name="message">What to do about it.</param>
/// <param name="kind">The problem type under our own prefix; the imitated routes have no such thing.</param>
internal sealed class RequestRefused(int status, string message, string kind) : Exception(message)
{
    public int Status { get; } = status;

    public string Kind { get; } = kind;

    public static RequestRefused BadRequest(string message) => new(StatusCodes.Status400BadRequest, message, RefusalKind.Request);

    public static RequestRefused Forbidden(string message) => new(StatusCodes.Status403Forbidden, message, RefusalKind.Forbidden);

    public static RequestRefused NotFound(string message) => new(StatusCodes.Status404NotFound, message, RefusalKind.Unknown);

    /// <summary>The repository has what was asked for, but not in a state that can be served.</summary>
    public static RequestRefused Unserved(string message) => new(StatusCodes.Status500InternalServerError, message, RefusalKind.Unserved);
}
