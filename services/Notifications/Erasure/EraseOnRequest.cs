using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Messaging.Events;

namespace Quintet.Notifications.Erasure;

/// <summary>Erases what is kept about a user who is to be deleted and says so, or refuses. Asked again, it answers again.</summary>
internal sealed class EraseOnRequest(NotificationsDb db, Outbox outbox, IOptionsMonitor<ErasureOptions> options) : IEventHandler<UserDeletionRequested>
{
    public async Task HandleAsync(ReceivedEvent<UserDeletionRequested> received, CancellationToken cancellationToken)
    {
        (long userId, string deletionId) = received.Data;
        if (options.CurrentValue.RetainedUsers.Contains(userId))
        {
            outbox.Add(new UserErasureRefused(userId, deletionId, "the notifications of this user must be kept"));
            return;
        }

        db.RemoveRange(await db.Sent.Where(sent => sent.UserId == userId).ToListAsync(cancellationToken));
        outbox.Add(new UserErased(userId, deletionId));
    }
}
