using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Parameters;

namespace Quintet.Broker.Management.Parameters;

/// <summary>Global parameters, and the one of them that has a route of its own: the name of the cluster.</summary>
internal static class GlobalParameterRoutes
{
    private const int NameBytesMax = 255;

    public static void MapGlobalParameters(this RouteGroupBuilder api)
    {
        api.MapGet("/global-parameters", (HttpContext http, BrokerContext broker) =>
        {
            PolicyRoutes.RequirePolicymaker(http, null);
            return http.List(broker.Node.GlobalParameters.All, parameter => parameter.Key, parameter => Show(parameter.Key, parameter.Value));
        });
        api.MapGet("/global-parameters/{name}", (HttpContext http, BrokerContext broker) =>
        {
            PolicyRoutes.RequirePolicymaker(http, null);
            string name = http.Request.Segment(2);
            return broker.Node.GlobalParameters.TryGet(name, out JsonNode? value) ? http.One(Show(name, value)) : throw Refusal.NotFound();
        });
        api.MapPut("/global-parameters/{name}", async (HttpContext http, BrokerContext broker) =>
        {
            PolicyRoutes.RequirePolicymaker(http, null);
            JsonElement body = await RequestBody.ReadAsync(http, "value");
            return ManagementRoutes.Put(await PutAsync(broker, http.Request.Segment(2), body.GetProperty("value")));
        });
        api.MapDelete("/global-parameters/{name}", async (HttpContext http, BrokerContext broker) =>
        {
            PolicyRoutes.RequirePolicymaker(http, null);
            return await broker.Node.GlobalParameters.RemoveAsync(http.Request.Segment(2)) ? Results.NoContent() : throw Refusal.NotFound();
        });
        api.MapGet("/cluster-name", (BrokerContext broker) => new JsonObject { ["name"] = broker.Node.GlobalParameters.ClusterName });
        api.MapPut("/cluster-name", async (HttpContext http, BrokerContext broker) =>
        {
            if (!BasicAccess.UserOf(http).IsAdministrator) throw Refusal.NotAuthorised("Not administrator user");
            JsonElement body = await RequestBody.ReadAsync(http, "name");
            if (body.GetProperty("name").ValueKind != JsonValueKind.String) throw Refusal.BadRequest("name is not a text");
            await PutAsync(broker, GlobalParameters.ClusterNameParameter, body.GetProperty("name"));
            return Results.NoContent();
        });
    }

    private static async Task<bool> PutAsync(BrokerContext broker, string name, JsonElement value)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(name) > NameBytesMax)
            throw Refusal.BadRequest($"the name of a parameter is 1 to {NameBytesMax} octets long");
        return await broker.Node.GlobalParameters.PutAsync(name, JsonNode.Parse(value.GetRawText()), broker.Limits.GlobalParameters)
            ?? throw Refusal.BadRequest($"cannot set '{name}': limit of {broker.Limits.GlobalParameters} global parameters is reached");
    }

    private static JsonObject Show(string name, JsonNode? value) => new() { ["name"] = name, ["value"] = value?.DeepClone() };
}
