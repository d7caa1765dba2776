namespace Quintet.Broker.Storage;

/// <summary>
/// Somebody who publishes with confirms: one per channel. Told once per sync, with the highest of its tags that the sync covered.
/// Tags of one waiter are appended in increasing order, so everything up to that tag is durable.
/// </summary>
internal abstract class DurabilityWaiter
{
    // Both guarded by the log's gate: the batch in which this waiter is listed, and its highest tag in it.
    internal ulong ListedInBatch;
    internal ulong HighestTag;

    /// <summary>Called on the writer thread, outside any lock of the storage: be short, never block, never throw.</summary>
    public abstract void Durable(ulong highestTag);
}
