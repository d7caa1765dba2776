using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Http;
using Quintet.Chassis.Idempotency;
using Quintet.Notifications.Welcome;

namespace Quintet.Notifications.History;

/// <summary>What a client sends to have a notification sent.</summary>
internal sealed record NotificationRequest(string? Type, long? UserId);

/// <summary>The answer to it.</summary>
internal sealed record NotificationResult(string Status);

/// <summary>A notification as clients see it.</summary>
internal sealed record NotificationView(long Id, string Type, long UserId, string MessageId, DateTimeOffset SentAt);

/// <summary>A page of notifications; <c>next</c> is the address of the page after it, absent on the last.</summary>
internal sealed record NotificationPage(IReadOnlyList<NotificationView> Notifications, string? Next);

internal static class NotificationRoutes
{
    public static void MapNotifications(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder notifications = routes.MapGroup("/notifications").WithTags("Notifications");
        notifications.MapPost("/", WelcomeOnRequest.SendAsync).WithIdempotency()
            .WithSummary("Send a user's notification now, even if it was sent before.");
        notifications.MapGet("/", HistoryAsync).WithSummary("What was sent, by user.");
    }

    private static async Task<Results<Ok<NotificationPage>, ValidationProblem>> HistoryAsync(
        HttpRequest request, NotificationsDb db, CancellationToken cancellation)
    {
        Faults faults = new();
        Paging paging = Paging.Read(request, faults);
        long? userId = UserId(request, faults);
        if (faults.Any) return faults.ToProblem();

        List<NotificationView> found = await db.Sent.AsNoTracking()
            .Where(sent => (userId == null || sent.UserId == userId) && sent.Id > paging.After)
            .OrderBy(sent => sent.Id)
            .Select(sent => new NotificationView(sent.Id, sent.Type, sent.UserId, sent.MessageId, sent.SentAt))
            .Take(paging.Limit)
            .ToListAsync(cancellation);
        string? next = found is [.., var last] ? paging.Next(request, found.Count, last.Id) : null;
        return TypedResults.Ok(new NotificationPage(found, next));
    }

    private static long? UserId(HttpRequest request, Faults faults)
    {
        if (!request.Query.TryGetValue("user_id", out var text)) return null;
        bool isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id);
        faults.Check(isNumber, "user_id", "must be a user's id");
        return isNumber ? id : null;
    }
}
