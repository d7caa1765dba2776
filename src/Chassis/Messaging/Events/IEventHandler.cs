namespace Quintet.Chassis.Messaging.Events;

/// <summary>Does what a service does about an event.</summary>
/// <remarks>
/// Network calls come first; changes to the service's database are made on the injected context <em>without saving</em>: the chassis saves
/// them in one transaction together with the note that this event is done. An exception sends the event through the delayed retries and
/// then to the dead letters; <see cref="RejectedEventException"/> sends it there at once. An event may be handled again when the process
/// dies between a network call and that transaction, so what leaves the process carries the event's id.
/// </remarks>
public interface IEventHandler<TEvent>
    where TEvent : IEvent
{
    /// <summary>Handles one event.</summary>
    public Task HandleAsync(ReceivedEvent<TEvent> received, CancellationToken cancellationToken);
}

/// <summary>An event with the facts of its envelope.</summary>
/// <param name="Id">The CloudEvents <c>id</c>: the same at every delivery.</param>
/// <param name="Time">When it happened, by the publisher's clock.</param>
/// <param name="Data">The event.</param>
public sealed record ReceivedEvent<TEvent>(string Id, DateTimeOffset Time, TEvent Data)
    where TEvent : IEvent;

/// <summary>An event that no repetition will make acceptable: it goes to the dead letters at once.</summary>
public sealed class RejectedEventException : Exception
{
    /// <inheritdoc/>
    public RejectedEventException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public RejectedEventException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <inheritdoc/>
    public RejectedEventException()
    {
    }
}
