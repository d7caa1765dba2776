using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Connections;
using Quintet.Broker.Migration;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Definitions: to export and to import, in RabbitMQ's JSON.</summary>
internal static class DefinitionRoutes
{
    public static void MapDefinitions(this RouteGroupBuilder api)
    {
        RouteGroupBuilder administrators = api.MapGroup("").AddEndpointFilter(new AdministratorsOnly());
        administrators.MapGet("/definitions", (BrokerContext broker) => ExportOf(broker).OfNode());
        administrators.MapGet("/definitions/{vhost}", (HttpRequest request, BrokerContext broker) =>
            broker.Node.FindVhost(request.Segment(2)) is { } vhost ? Results.Json(ExportOf(broker).Of(vhost)) : ManagementRoutes.BadRequest("vhost_not_found"));
        administrators.MapPost("/definitions", (HttpContext http, DefinitionsImport import) => ImportAsync(http, import, null));
        administrators.MapPost("/definitions/{vhost}", (HttpContext http, BrokerContext broker, DefinitionsImport import) =>
            broker.Node.FindVhost(http.Request.Segment(2)) is { } vhost
                ? ImportAsync(http, import, vhost.Name)
                : Task.FromResult(Results.Json(new { error = "not_found", reason = "vhost_not_found" }, statusCode: 404)));
    }

    private static DefinitionsExport ExportOf(BrokerContext broker) => new(broker.Node, broker.Users, broker.Options.Product);

    private static async Task<IResult> ImportAsync(HttpContext http, DefinitionsImport import, string? onlyVhost)
    {
        JsonObject document = DefinitionsImport.Parse(await DocumentAsync(http));
        await import.ImportAsync(document, onlyVhost);
        return Results.NoContent();
    }

    // A browser's form sends the file as a part of that name.
    private static async Task<byte[]> DocumentAsync(HttpContext http)
    {
        if (!http.Request.HasFormContentType) return await RequestDocument.ReadAsync(http);
        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        IFormFile file = form.Files.GetFile("file") ?? throw new ChangeRefusedException("the form has no part named file");
        using MemoryStream octets = new();
        await file.CopyToAsync(octets, http.RequestAborted);
        return octets.ToArray();
    }
}
