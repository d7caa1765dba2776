using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Chassis.Data;
using Quintet.Hosting.Errors;
using Quintet.Hosting.Settings;

namespace Quintet.Chassis.Messaging;

/// <summary>
/// Lets an operator read what an event said, for as long as its outbox row is kept (<see cref="MessagingOptions.KeepSent"/>). The gateway forwards
/// nothing here unless the service claims the path, and without the service's token nobody reads anything.
/// </summary>
internal static class OutboxRoutes
{
    private const string Scheme = "Bearer ";

    public static void MapOutbox(this WebApplication app, Secret token)
    {
        if (app.Services.GetService<OutboxStore>() is null) return;
        app.MapGet("/quintet/outbox/{eventId}", (HttpContext http, string eventId, DbContext db, CancellationToken cancellation) =>
            ReadAsync(http, token, eventId, db, cancellation)).ExcludeFromDescription();
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> ReadAsync(
        HttpContext http, Secret token, string eventId, DbContext db, CancellationToken cancellation)
    {
        string presented = http.Request.Headers.Authorization.ToString();
        if (!presented.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || !token.Matches(presented[Scheme.Length..]))
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            return TypedResults.Problem(
                "The service's operations token is needed.", statusCode: StatusCodes.Status401Unauthorized,
                title: "Not for everybody", type: Problems.TypeOf("operations-token-needed"));
        }

        http.Response.Headers.CacheControl = "no-store";
        byte[]? body = await db.Set<OutboxRow>().AsNoTracking().Where(row => row.EventId == eventId).Select(row => row.Body)
            .FirstOrDefaultAsync(cancellation);
        return body is not null
            ? TypedResults.Bytes(body, "application/cloudevents+json; charset=utf-8")
            : TypedResults.Problem(
                "The outbox has no event of this id: it was never added, or it was sent more than Messaging:KeepSent ago.",
                statusCode: StatusCodes.Status404NotFound, title: "No such event", type: Problems.TypeOf("event-not-found"));
    }
}
