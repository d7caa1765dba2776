using Quintet.Chassis.Messaging.Events;

namespace Quintet.Users.Deletion;

/// <summary>Notifications has erased everything: the user goes.</summary>
internal sealed class FinishDeletion(UserDeletion deletion) : IEventHandler<UserErased>
{
    public Task HandleAsync(ReceivedEvent<UserErased> received, CancellationToken cancellationToken) =>
        deletion.ConfirmAsync(received.Data.DeletionId, UserDeletion.Erasing, cancellationToken);
}
