using Quintet.Chassis.Messaging.Events;

namespace Quintet.Notifications.Erasure;

/// <summary>Users' event, as far as this service reads it.</summary>
internal sealed record UserDeletionRequested(long Id, string DeletionId) : IEvent
{
    public static string EventType => "users.user-deletion-requested";
}

/// <summary>Users' event, as far as this service reads it.</summary>
internal sealed record UserDeleted(long Id) : IEvent
{
    public static string EventType => "users.user-deleted";
}

/// <summary>Nothing is kept here about the user any more.</summary>
internal sealed record UserErased(long UserId, string DeletionId) : IPublishedEvent
{
    public static string EventType => "notifications.user-erased";

    string IPublishedEvent.Subject => $"users/{UserId}";
}

/// <summary>What is kept here about the user must stay, and so nothing was erased.</summary>
internal sealed record UserErasureRefused(long UserId, string DeletionId, string Reason) : IPublishedEvent
{
    public static string EventType => "notifications.user-erasure-refused";

    string IPublishedEvent.Subject => $"users/{UserId}";
}
