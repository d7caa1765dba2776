using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Quintet.Console.Access;
using Quintet.Console.Records;
using Quintet.Hosting.Errors;

namespace Quintet.Console.Logins;

/// <summary>Who is logged in, and the end of it, for <c>quintet console sessions</c>.</summary>
internal static class SessionRoutes
{
    public static void MapSessions(this IEndpointRouteBuilder api)
    {
        api.MapGet("/sessions", (OpenSessions sessions) => TypedResults.Ok(sessions.All)).RequireAuthorization(Actor.OperatorPolicy);
        api.MapDelete("/sessions/{id}", EndAsync).RequireAuthorization(Actor.OperatorPolicy);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndAsync(HttpContext context, OpenSessions sessions, AuditLog audit, string id)
    {
        if (sessions.All.FirstOrDefault(s => s.Id == id) is not { } session)
            return TypedResults.Problem($"No session '{id}' is open; GET /api/v1/sessions lists those that are.", statusCode: StatusCodes.Status404NotFound,
                title: "There is no such session", type: Problems.TypeOf("console-session"));
        await audit.DoAsync(Actor.Of(context.User), new Deed("end session", id, $"of {session.Who}"), () =>
            Task.FromResult(sessions.End(id) is null ? "It had ended already." : "The session is ended."));
        return TypedResults.NoContent();
    }
}
