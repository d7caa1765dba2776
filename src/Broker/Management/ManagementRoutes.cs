using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Management.Clients;
using Quintet.Broker.Management.Health;
using Quintet.Broker.Management.Messages;
using Quintet.Broker.Management.Nodes;
using Quintet.Broker.Management.Parameters;
using Quintet.Broker.Management.Routing;

namespace Quintet.Broker.Management;

/// <summary>
/// RabbitMQ's management API, the part of it that clients, tests and tools ask for. Where it imitates, it answers as the original does:
/// paths, member names, statuses and error bodies are RabbitMQ's.
/// </summary>
internal static class ManagementRoutes
{
    /// <summary>Why nobody was logged in; RabbitMQ spells the error of this one, and of no other, with a z.</summary>
    public const string LoginFailed = "Login failed";

    public static void MapManagement(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder api = routes.MapGroup("/api").AddEndpointFilter(new BasicAccess()).AddEndpointFilter(new RefusalFilter());
        api.MapVhosts();
        api.MapUsers();
        api.MapPermissions();
        api.MapDefinitions();
        api.MapOverview();
        api.MapNodes();
        api.MapFeatures();
        api.MapHealthChecks();
        api.MapExchanges();
        api.MapBindings();
        api.MapQueues();
        api.MapConnections();
        api.MapPolicies();
        api.MapParameters();
        api.MapGlobalParameters();
    }

    /// <summary>What is not there below <c>/api</c> is said to be so in RabbitMQ's words.</summary>
    public static void UseManagementWords(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        await next();
        if (http.Response is { StatusCode: StatusCodes.Status404NotFound, HasStarted: false } && http.Request.Path.StartsWithSegments("/api"))
            await NotFound().ExecuteAsync(http);
    });

    /// <summary>A segment of the path as the client meant it: the vhost <c>/</c> comes as <c>%2F</c>, which must not be taken for a separator.</summary>
    /// <param name="request">The request.</param>
    /// <param name="index">0 is <c>api</c>.</param>
    public static string Segment(this HttpRequest request, int index)
    {
        string target = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        string[] segments = target.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        return index < segments.Length ? Uri.UnescapeDataString(segments[index]) : "";
    }

    public static IResult NotFound() => Results.Json(new { error = "Object Not Found", reason = "Not Found" }, statusCode: 404);

    public static IResult BadRequest(string reason) => Results.Json(new { error = "bad_request", reason }, statusCode: 400);

    /// <summary>201 for what is new, 204 for what was changed.</summary>
    public static IResult Put(bool isNew) => Results.StatusCode(isNew ? StatusCodes.Status201Created : StatusCodes.Status204NoContent);

    public static IResult NotAuthorised(string reason) =>
        Results.Json(new { error = reason == LoginFailed ? "not_authorized" : "not_authorised", reason }, statusCode: 401);
}
