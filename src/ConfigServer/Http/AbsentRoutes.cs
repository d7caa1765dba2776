using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Quintet.ConfigServer.Http;

/// <summary>
/// What Spring's server has and this one has not yet: encryption answers as a server without a key does, the webhook says that it is not
/// there. And the health address that Spring's users probe.
/// </summary>
internal static class AbsentRoutes
{
    public static void MapAbsent(this IEndpointRouteBuilder routes, Action<HttpContext> authenticate)
    {
        foreach (string path in new[] { "/encrypt", "/encrypt/{application}/{profiles}", "/decrypt", "/decrypt/{application}/{profiles}" })
            routes.MapPost(path, (HttpContext context) => Absent(context, authenticate, "NO_KEY", "No key was installed for encryption service"));
        routes.MapGet("/encrypt/status", (HttpContext context) => Absent(context, authenticate, "NO_KEY", "No key was installed for encryption service"));
        foreach (string path in new[] { "/key", "/key/{application}/{profiles}" })
            routes.MapGet(path, (HttpContext context) => Absent(context, authenticate, "NOT_FOUND", "No public key available"));

        routes.MapPost("/monitor", (HttpContext context) =>
        {
            authenticate(context);
            throw new RequestRefused(
                StatusCodes.Status501NotImplemented, "/monitor is not needed: commits to the repository are noticed at once", RefusalKind.Unknown);
        });
        routes.MapGet("/actuator/health", HealthAsync);
    }

    private static JsonHttpResult<Answer> Absent(HttpContext context, Action<HttpContext> authenticate, string status, string description)
    {
        authenticate(context);
        return TypedResults.Json(new Answer(status, description), statusCode: StatusCodes.Status404NotFound);
    }

    private static async Task<JsonHttpResult<HealthAnswer>> HealthAsync(HealthCheckService health, CancellationToken cancellationToken)
    {
        HealthReport report = await health.CheckHealthAsync(cancellationToken);
        bool isUp = report.Status != HealthStatus.Unhealthy;
        return TypedResults.Json(new HealthAnswer(isUp ? "UP" : "DOWN"), statusCode: isUp ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private sealed record Answer(string Status, string Description);

    private sealed record HealthAnswer(string Status);
}
