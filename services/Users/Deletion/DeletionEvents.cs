using Quintet.Chassis.Messaging.Events;

namespace Quintet.Users.Deletion;

/// <summary>A user is to be deleted: who keeps something about it is asked to erase that, and to say so or to refuse.</summary>
internal sealed record UserDeletionRequested(long Id, string DeletionId) : IPublishedEvent
{
    public static string EventType => "users.user-deletion-requested";

    string IPublishedEvent.Subject => $"users/{Id}";
}

/// <summary>Notifications' event, as far as this service reads it.</summary>
internal sealed record UserErased(string DeletionId) : IEvent
{
    public static string EventType => "notifications.user-erased";
}

/// <summary>Notifications' event, as far as this service reads it.</summary>
internal sealed record UserErasureRefused(string DeletionId, string Reason) : IEvent
{
    public static string EventType => "notifications.user-erasure-refused";
}
