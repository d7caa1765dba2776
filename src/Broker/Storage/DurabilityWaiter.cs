namespace Quintet.Broker.Storage;

/// <summary>
/// Somebody who publishes with confirms: one per channel, of one store. Told once per sync, with the highest of its tags that the sync covered.
/// Tags of one waiter are appended in increasing order, so everything up to that tag is durable.
/// </summary>
internal abstract class DurabilityWaiter
{
    // Guarded by the log's gate: the batch in which this waiter is listed, and where in its list.
    internal ulong ListedInBatch;
    internal int ListedAt;

    /// <summary>Called on the writer thread, outside any lock of the storage: be short, never block, never throw.</summary>
    public abstract void Durable(ulong highestTag);
}
