using Quintet.Chassis.Messaging.Events;

namespace Quintet.Notifications.Welcome;

/// <summary>Users' event, as far as this service reads it.</summary>
internal sealed record UserCreated(long Id) : IEvent
{
    public static string EventType => "users.user-created";
}
