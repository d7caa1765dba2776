using Quintet.Chassis.Messaging.Events;

namespace Quintet.Users.Deletion;

/// <summary>Notifications must keep what it has: the user stays.</summary>
internal sealed class RestoreUser(UserDeletion deletion) : IEventHandler<UserErasureRefused>
{
    public Task HandleAsync(ReceivedEvent<UserErasureRefused> received, CancellationToken cancellationToken) =>
        deletion.RefuseAsync(received.Data.DeletionId, UserDeletion.Erasing, received.Data.Reason, cancellationToken);
}
