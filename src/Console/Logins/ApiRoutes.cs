using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Quintet.Console.Access;
using Quintet.Console.Parts;
using Quintet.Console.Records;
using Quintet.Console.Stories;
using Quintet.Hosting.Errors;

namespace Quintet.Console.Logins;

/// <summary>What programs ask of the console.</summary>
internal static class ApiRoutes
{
    private const int EntriesMax = 1000;

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder api = routes.MapGroup("/api/v1");
        api.MapGet("/summary", async (SystemFeed feed, CancellationToken cancellation) =>
            TypedResults.Ok(Summary.Of(await feed.NextAsync(cancellation))));
        api.MapStories();
        api.MapSessions();
        api.MapGet("/audit", Audit).RequireAuthorization(Actor.OperatorPolicy);
    }

    private static Results<Ok<IReadOnlyList<AuditEntry>>, ProblemHttpResult> Audit(
        AuditLog audit, int count = 100, long before = long.MaxValue, string? text = null) =>
        count is > 0 and <= EntriesMax
            ? TypedResults.Ok(audit.Newest(count, before, text))
            : TypedResults.Problem($"'count' is a number from 1 to {EntriesMax}.", statusCode: StatusCodes.Status400BadRequest,
                title: "The request cannot be understood", type: Problems.TypeOf("console-request"));
}
