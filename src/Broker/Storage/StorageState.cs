namespace Quintet.Broker.Storage;

/// <summary>What the store can do at the moment.</summary>
internal enum StorageState
{
    /// <summary>Reads and writes.</summary>
    Open,

    /// <summary>The disk is full or under its limit of free space. Publishers should be held back (connection.blocked); appends are refused with
    /// <see cref="StorageFullException"/> when the last reserved space is used up. Reads and settles go on. Ends by itself when space is back.</summary>
    SpaceLow,

    /// <summary>A sync or a write failed, so it is unknown what the disk holds. Nothing is confirmed any more; the process must stop.</summary>
    Failed,

    /// <summary>Disposed.</summary>
    Closed,
}
