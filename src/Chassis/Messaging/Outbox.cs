using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging.Events;

namespace Quintet.Chassis.Messaging;

/// <summary>
/// Takes events into the service's own database, in the same transaction as the change that causes them: either both are there or neither.
/// <see cref="OutboxLoop"/> publishes them afterwards, at least once. Scoped like the context it writes to.
/// </summary>
public sealed class Outbox
{
    private readonly DbContext _db;
    private readonly ChassisOptions _chassis;
    private readonly TimeProvider _time;

    internal Outbox(DbContext db, ChassisOptions chassis, TimeProvider time)
    {
        _db = db;
        _chassis = chassis;
        _time = time;
    }

    /// <summary>Adds an event to what the next <c>SaveChanges</c> of the service's context writes. The current trace goes with it.</summary>
    /// <returns>The event's id.</returns>
    public string Add<TEvent>(TEvent happened)
        where TEvent : IPublishedEvent
    {
        DateTimeOffset now = _time.GetUtcNow();
        string id = Guid.CreateVersion7(now).ToString();
        _db.Add(new OutboxRow
        {
            EventId = id,
            Type = TEvent.EventType,
            Subject = happened.Subject,
            Body = EventEnvelope.Write(id, _chassis.Service, now, happened, TEvent.EventType),
            TraceParent = Activity.Current?.Id,
            TraceState = Activity.Current?.TraceStateString,
            AddedAt = now,
            NotBefore = now,
        });
        return id;
    }
}
