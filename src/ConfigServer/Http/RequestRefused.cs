using Microsoft.AspNetCore.Http;

namespace Quintet.ConfigServer.Http;

/// <summary>A request cannot be answered as asked. The text goes to the client.</summary>
internal sealed class RequestRefused(int status, string message, string slug = "config-request") : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>The problem type under our own prefix; the imitated routes have no such thing.</summary>
    public string Slug { get; } = slug;

    public static RequestRefused BadRequest(string message) => new(StatusCodes.Status400BadRequest, message);

    public static RequestRefused NotFound(string message) => new(StatusCodes.Status404NotFound, message);
}
