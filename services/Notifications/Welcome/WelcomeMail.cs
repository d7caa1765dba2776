using Microsoft.Extensions.Options;
using Quintet.Hosting.Telemetry;
using Quintet.Notifications.History;
using Quintet.Notifications.Mail;

namespace Quintet.Notifications.Welcome;

/// <summary>Writes and sends the welcome mail of a user, and takes it into the history.</summary>
internal sealed class WelcomeMail(NotificationsDb db, IMailSender sender, IOptionsMonitor<WelcomeOptions> options, Hops hops, TimeProvider time)
{
    public const string Type = "user_created";

    /// <summary>Sends, then adds the row to the context without saving it: the caller's transaction does.</summary>
    public async Task SendAsync(UserFacts user, string messageId, CancellationToken cancellation)
    {
        string subject = options.CurrentValue.Subject.Replace("{name}", user.Name, StringComparison.Ordinal);
        string text = $"Hello {user.Name},\n\nwelcome! Your account is ready.\n";
        await sender.SendAsync(new OutgoingMail(messageId, user.Name, user.Email, subject, text), cancellation);
        hops.Note(new Hop(HopStage.Mail, "accepted") { EventId = messageId, Subject = $"users/{user.Id}", Address = user.Email, Place = sender.Place });
        db.Add(new SentNotification { UserId = user.Id, Type = Type, MessageId = messageId, SentAt = time.GetUtcNow() });
    }
}
