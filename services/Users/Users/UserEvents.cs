using Quintet.Chassis.Messaging.Events;

namespace Quintet.Users.Users;

/// <summary>Somebody signed up. Who it is, a consumer asks Users: the event itself holds nothing personal.</summary>
internal sealed record UserCreated(long Id) : IPublishedEvent
{
    public static string EventType => "users.user-created";

    string IPublishedEvent.Subject => $"users/{Id}";
}

/// <summary>A user is gone, and what others keep about it should be too.</summary>
internal sealed record UserDeleted(long Id) : IPublishedEvent
{
    public static string EventType => "users.user-deleted";

    string IPublishedEvent.Subject => $"users/{Id}";
}
