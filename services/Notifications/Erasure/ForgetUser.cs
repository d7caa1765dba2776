using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Messaging.Events;

namespace Quintet.Notifications.Erasure;

/// <summary>When a user has gone, so does what was sent between the erasure and the end.</summary>
internal sealed class ForgetUser(NotificationsDb db) : IEventHandler<UserDeleted>
{
    public async Task HandleAsync(ReceivedEvent<UserDeleted> received, CancellationToken cancellationToken) =>
        db.RemoveRange(await db.Sent.Where(sent => sent.UserId == received.Data.Id).ToListAsync(cancellationToken));
}
