using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;

namespace Quintet.Chassis.Messaging;

/// <summary>
/// Lets each event take effect once per consumer, however often and to however many instances it is delivered. Scoped: it saves what the
/// handler changed on the same context.
/// </summary>
internal sealed class Inbox(DbContext db, TimeProvider time)
{
    public Task<bool> HasAsync(string consumer, string eventId, CancellationToken cancellation) =>
        db.Set<InboxRow>().AnyAsync(row => row.Consumer == consumer && row.EventId == eventId, cancellation);

    /// <summary>Saves the handler's changes and the note that the event is done, in one transaction.</summary>
    /// <returns>False when another delivery of the event was faster: nothing of this one is saved.</returns>
    public async Task<bool> CommitAsync(string consumer, string eventId, CancellationToken cancellation)
    {
        db.Add(new InboxRow { Consumer = consumer, EventId = eventId, HandledAt = time.GetUtcNow() });
        try
        {
            await db.SaveChangesAsync(cancellation);
            return true;
        }
        catch (DbUpdateException fault) when (fault.IsUniqueViolation())
        {
            // The duplicate is the inbox's or the handler's own; only the inbox can tell.
            db.ChangeTracker.Clear();
            if (await HasAsync(consumer, eventId, cancellation)) return false;
            throw;
        }
    }
}
