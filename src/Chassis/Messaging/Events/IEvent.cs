namespace Quintet.Chassis.Messaging.Events;

/// <summary>Something that happened, as a consumer reads it. Members it does not declare are ignored, so that a publisher may add some.</summary>
public interface IEvent
{
    /// <summary>The CloudEvents <c>type</c> and AMQP routing key: <c>users.user-created</c>.</summary>
    public static abstract string EventType { get; }
}

/// <summary>An event as its publisher writes it; its public properties are the data, in snake_case.</summary>
public interface IPublishedEvent : IEvent
{
    /// <summary>
    /// The CloudEvents <c>subject</c>, the thing it happened to: <c>users/1</c>. Events of one subject are published in the order in which
    /// they were added. Implement it explicitly, so that it does not become part of the data.
    /// </summary>
    public string Subject { get; }
}
