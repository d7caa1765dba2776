using System.Diagnostics;
using CloudNative.CloudEvents;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Data;
using Quintet.Chassis.Deadlines;
using Quintet.Chassis.Loops;
using Quintet.Chassis.Messaging.Broker;
using Quintet.Chassis.Messaging.Events;
using Quintet.Hosting.Telemetry;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Chassis.Messaging;

/// <summary>What a service does about one type of event.</summary>
internal abstract class Consumer(string eventType)
{
    public string EventType { get; } = eventType;

    /// <summary>Takes one delivery to one of its ends. Throws only when the channel is gone; the broker then delivers again.</summary>
    public abstract Task TakeAsync(Delivery delivery, string queue, CancellationToken stopping);
}

/// <summary>
/// Runs the handler of <typeparamref name="TEvent"/>: an event already in the inbox is acknowledged and dropped; otherwise the handler runs
/// without an open transaction, and then its changes and the inbox row are saved in one. A failure is never acknowledged away: it goes to a
/// delayed retry, then to the dead letters.
/// </summary>
internal sealed partial class Consumer<TEvent, THandler>(
    IServiceScopeFactory scopes, DatabaseBoard database, IOptions<MessagingOptions> options, Hops hops, TimeProvider time,
    ILogger<THandler> logger)
    : Consumer(TEvent.EventType)
    where TEvent : IEvent
    where THandler : class, IEventHandler<TEvent>
{
    // Between a failed hand-over to the retries and the next delivery, so that a full retry queue is not hammered.
    private static readonly TimeSpan RequeuePause = TimeSpan.FromSeconds(1);

    public override async Task TakeAsync(Delivery delivery, string queue, CancellationToken stopping)
    {
        using Activity? handling = Tracing.Continue($"handle {EventType}", ActivityKind.Consumer, delivery.TraceParent, delivery.TraceState);
        long began = time.GetTimestamp();
        string id = "?";
        string? subject = null;
        void End(string outcome, string? detail = null, TimeSpan? next = null)
        {
            Count(outcome);
            if (!hops.IsOn) return;
            hops.Note(new Hop(HopStage.Handled, outcome)
            {
                EventId = id, EventType = EventType, Subject = subject, Place = queue, Attempt = delivery.Attempt + 1, Detail = detail,
                Duration = time.GetElapsedTime(began), Next = next,
            });
        }

        try
        {
            // An outage would take an event through all of its retries to the dead letters; here it waits, unacknowledged, until it is over.
            await database.WhenReachedAsync(stopping);
            CloudEvent envelope = EventEnvelope.Read(delivery.BorrowedBody);
            id = envelope.Id!;
            subject = envelope.Subject;
            EventInHand.Id = id;
            handling?.SetTag("messaging.message.id", id);
            bool isNew = await HandleAsync(envelope, queue, stopping);
            await delivery.DoneAsync(CancellationToken.None);
            End(isNew ? "handled" : "repeated");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Not acknowledged: the broker delivers it again, here or elsewhere, when the channel closes.
        }
        catch (RejectedEventException rejection)
        {
            handling?.SetStatus(ActivityStatusCode.Error, rejection.Message);
            Log.Rejected(logger, id, queue, rejection);
            bool isMoved = await HandOverAsync(delivery, () => delivery.DeadAsync(rejection, CancellationToken.None), stopping);
            End(isMoved ? "dead" : "requeued", rejection.Message);
        }
        catch (Exception fault) when (fault is not OperationInterruptedException)
        {
            handling?.SetStatus(ActivityStatusCode.Error, fault.Message);
            database.NoteIfUnavailable(fault);
            RetryStep? step = null;
            bool isMoved = await HandOverAsync(delivery, async () => step = await delivery.RetryAsync(fault, CancellationToken.None), stopping);
            if (!isMoved) Log.Requeued(logger, id, queue, fault);
            else if (step is null) Log.Dead(logger, id, queue, fault);
            else Log.Failed(logger, id, queue, step.Name, fault);
            End(!isMoved ? "requeued" : step is null ? "dead" : "retried", fault.Message, step?.Delay);
        }
    }

    private async Task<bool> HandleAsync(CloudEvent envelope, string queue, CancellationToken stopping)
    {
        using CancellationTokenSource late = new(options.Value.HandlingMax, time);
        using Deadline deadline = Deadline.Begin(options.Value.HandlingMax, time, stopping); // the handler's calls keep to it, too
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        Inbox inbox = scope.ServiceProvider.GetRequiredService<Inbox>();
        if (await inbox.HasAsync(queue, envelope.Id!, deadline.End)) return false;

        ReceivedEvent<TEvent> received = new(envelope.Id!, envelope.Time ?? time.GetUtcNow(), EventEnvelope.ReadData<TEvent>(envelope));
        await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(received, deadline.End);
        // Once the handler has done its work it is noted even while the process is asked to stop.
        return await inbox.CommitAsync(queue, envelope.Id!, late.Token);
    }

    private async Task<bool> HandOverAsync(Delivery delivery, Func<Task> move, CancellationToken stopping)
    {
        try
        {
            await move();
            return true;
        }
        catch (PublishException)
        {
            // The queue behind is full or missing. The message stays where it is, and its delivery limit leads to the dead letters.
            await Backoff.DelayAsync(RequeuePause, time, stopping);
            await delivery.RequeueAsync(CancellationToken.None);
            return false;
        }
    }

    private void Count(string outcome) =>
        Tracing.Consumed.Add(1, new KeyValuePair<string, object?>("event", EventType), new KeyValuePair<string, object?>("outcome", outcome));

    private static partial class Log
    {
        [LoggerMessage(6301, LogLevel.Warning, "Event {EventId} of {Queue} failed and is tried again after {Step}")]
        public static partial void Failed(ILogger logger, string eventId, string queue, string step, Exception fault);

        [LoggerMessage(6302, LogLevel.Error, "Event {EventId} of {Queue} failed too often and went to the dead letters")]
        public static partial void Dead(ILogger logger, string eventId, string queue, Exception fault);

        [LoggerMessage(6303, LogLevel.Error, "Event {EventId} of {Queue} cannot be accepted and went to the dead letters")]
        public static partial void Rejected(ILogger logger, string eventId, string queue, Exception fault);

        [LoggerMessage(6304, LogLevel.Warning, "Event {EventId} of {Queue} failed and could not be handed to the retries; it is delivered again")]
        public static partial void Requeued(ILogger logger, string eventId, string queue, Exception fault);
    }
}
