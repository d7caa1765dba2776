using Microsoft.AspNetCore.Http.HttpResults;
using Quintet.Chassis.Idempotency;
using Quintet.Hosting.Errors;
using Quintet.Notifications.History;

namespace Quintet.Notifications.Welcome;

/// <summary>POST /notifications, as its clients have known it from the start.</summary>
internal sealed partial class WelcomeOnRequest
{
    public static async Task<Results<Created<NotificationResult>, ProblemHttpResult>> SendAsync(
        NotificationRequest request, UsersClient users, WelcomeMail welcome, NotificationsDb db, IdempotentRequest once,
        ILogger<WelcomeOnRequest> logger, TimeProvider time, CancellationToken cancellation)
    {
        if (request.Type != WelcomeMail.Type) return Failed($"The type must be '{WelcomeMail.Type}'.");
        if (request.UserId is not { } id) return Failed("The user_id is missing.");
        try
        {
            if (await users.FindAsync(id, cancellation) is not { } user) return Failed("There is no such user.");
            // With a key, the mail of a repetition after a crash has the id of the one that was sent before it.
            await welcome.SendAsync(user, once.Id ?? Guid.CreateVersion7(time.GetUtcNow()).ToString(), cancellation);
            Created<NotificationResult> sent = TypedResults.Created("/notifications", new NotificationResult("Notification sent"));
            await once.KeepAsync(sent);
            await db.SaveChangesAsync(cancellation);
            return sent;
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            // This contract knows one failure: whatever went wrong on the way to the mail is told as this 400, and the log has the rest.
            Log.Failed(logger, id, fault);
            return Failed("The notification could not be sent; try again later.");
        }
    }

    private static ProblemHttpResult Failed(string detail) => TypedResults.Problem(
        detail,
        statusCode: StatusCodes.Status400BadRequest,
        title: "The notification was not sent.",
        type: Problems.TypeOf("notification-failed"),
        extensions: [new("error", "Failed to process notification")]);

    private static partial class Log
    {
        [LoggerMessage(7111, LogLevel.Warning, "The notification of user {UserId} that a client asked for was not sent")]
        public static partial void Failed(ILogger logger, long userId, Exception fault);
    }
}
