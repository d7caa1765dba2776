using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Messaging.Events;

namespace Quintet.Notifications.Welcome;

/// <summary>When a user is deleted, the history of its notifications goes too.</summary>
internal sealed class ForgetUser(NotificationsDb db) : IEventHandler<UserDeleted>
{
    public async Task HandleAsync(ReceivedEvent<UserDeleted> received, CancellationToken cancellationToken) =>
        db.RemoveRange(await db.Sent.Where(sent => sent.UserId == received.Data.Id).ToListAsync(cancellationToken));
}
