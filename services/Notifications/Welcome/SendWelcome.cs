using Quintet.Chassis.Messaging.Events;

namespace Quintet.Notifications.Welcome;

/// <summary>A new user gets a welcome mail, once.</summary>
internal sealed partial class SendWelcome(UsersClient users, WelcomeMail welcome, ILogger<SendWelcome> logger) : IEventHandler<UserCreated>
{
    public async Task HandleAsync(ReceivedEvent<UserCreated> received, CancellationToken cancellationToken)
    {
        UserFacts? user = await users.FindAsync(received.Data.Id, cancellationToken);
        if (user is null)
        {
            // Deleted before the mail was written: there is nobody to welcome any more.
            Log.Gone(logger, received.Data.Id, received.Id);
            return;
        }

        await welcome.SendAsync(user, received.Id, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(7101, LogLevel.Information, "User {UserId} of event {EventId} no longer exists; no mail is sent")]
        public static partial void Gone(ILogger logger, long userId, string eventId);
    }
}
