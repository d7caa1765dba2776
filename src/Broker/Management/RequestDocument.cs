using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Quintet.Broker.Migration;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>The body of a request as definitions are written; Kestrel bounds it by <c>Broker:Limits:ManagementBodyBytes</c>.</summary>
internal static class RequestDocument
{
    /// <summary>A JSON object; nothing at all is an empty one, as with RabbitMQ.</summary>
    /// <exception cref="ChangeRefusedException">It is something else.</exception>
    public static async Task<JsonObject> ReadObjectAsync(HttpContext http)
    {
        byte[] octets = await ReadAsync(http);
        try
        {
            return DefinitionsImport.Parse(octets);
        }
        catch (ChangeRefusedException)
        {
            throw new ChangeRefusedException("not_json");
        }
    }

    /// <exception cref="Refusal">It is larger than that.</exception>
    public static async Task<byte[]> ReadAsync(HttpContext http)
    {
        using MemoryStream octets = new();
        try
        {
            await http.Request.Body.CopyToAsync(octets, http.RequestAborted);
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw Refusal.BadRequest("payload size exceeds limit");
        }

        return octets.ToArray();
    }
}
