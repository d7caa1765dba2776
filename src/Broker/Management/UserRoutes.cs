using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Migration;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Users: to look at, to store, to remove. Those of the settings file are shown and not changed.</summary>
internal static class UserRoutes
{
    public static void MapUsers(this RouteGroupBuilder api)
    {
        RouteGroupBuilder administrators = api.MapGroup("").AddEndpointFilter(new AdministratorsOnly());
        administrators.MapGet("/users", (HttpContext http, Users users) => List(http, users.All));
        administrators.MapGet("/users/without-permissions", (HttpContext http, Users users) =>
            List(http, users.All.Where(user => user.Settings.Permissions.Count == 0)));
        administrators.MapGet("/users/{user}", (HttpContext http, Users users) => Named(http, users, user => http.One(DefinitionShapes.Of(user))));
        administrators.MapPut("/users/{user}", PutAsync);
        administrators.MapDelete("/users/{user}", DeleteAsync);
        administrators.MapPost("/users/bulk-delete", DeleteAllAsync);
        administrators.MapGet("/users/{user}/permissions", (HttpContext http, Users users) => Named(http, users, user =>
            http.List(user.Settings.Permissions, of => of.Vhost, of => DefinitionShapes.Of(user.Name, of))));
        administrators.MapGet("/users/{user}/topic-permissions", (HttpContext http, Users users) => Named(http, users, user =>
            http.List(user.Settings.TopicPermissions, of => of.Vhost, of => DefinitionShapes.Of(user.Name, of))));
        administrators.MapGet("/auth/hash_password/{password}", (HttpRequest request) =>
            new JsonObject { ["ok"] = PasswordHash.Of(request.Segment(3))?.Text ?? "" });
    }

    private static IResult List(HttpContext http, IEnumerable<BrokerUser> users) => http.List(users, user => user.Name, DefinitionShapes.Of);

    private static IResult Named(HttpContext http, Users users, Func<BrokerUser, IResult> answer) =>
        users.Find(http.Request.Segment(2)) is { } user ? answer(user) : ManagementRoutes.NotFound();

    private static async Task<IResult> PutAsync(HttpContext http, Users users)
    {
        string name = http.Request.Segment(2);
        JsonObject body = await RequestDocument.ReadObjectAsync(http);
        UserSettings described = PlanReader.UserOf(body, name);
        bool isNew = await users.ChangeAsync(name, current => current is null
            ? described
            : current with { Password = described.Password, Tags = described.Tags, Limits = body["limits"] is null ? current.Limits : described.Limits });
        return ManagementRoutes.Put(isNew);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, Users users)
    {
        string name = http.Request.Segment(2);
        if (users.Find(name) is null) return ManagementRoutes.NotFound();
        await users.ChangeAsync(name, _ => null);
        return Results.NoContent();
    }

    // Names that are not there are fine, as with RabbitMQ; one of the settings is refused before any is removed.
    private static async Task<IResult> DeleteAllAsync(HttpContext http, Users users)
    {
        JsonObject body = await RequestDocument.ReadObjectAsync(http);
        IReadOnlyList<string> names = JsonMembers.Words(body["users"] ?? throw new ChangeRefusedException("[{key_missing,users}]"));
        if (names.FirstOrDefault(users.IsOfSettings) is { } fixedUser) await users.ChangeAsync(fixedUser, _ => null);
        foreach (string name in names) await users.ChangeAsync(name, _ => null);
        return Results.NoContent();
    }
}
