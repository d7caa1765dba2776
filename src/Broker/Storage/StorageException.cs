namespace Quintet.Broker.Storage;

/// <summary>The disk could not do what was asked of it.</summary>
internal class StorageException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>No space for another message. Nothing was appended; the same append succeeds once space is back.</summary>
internal sealed class StorageFullException(string message) : StorageException(message);

/// <summary>A write or a sync failed earlier, or the store is closed: it never confirms again.</summary>
internal sealed class StorageFailedException(string message, Exception? inner = null) : StorageException(message, inner);

/// <summary>A record that had been synced cannot be read back.</summary>
internal sealed class StorageDamagedException(string file, long offset, string reason)
    : StorageException($"{file} is damaged at offset {offset}: {reason}")
{
    public string File { get; } = file;

    public long Offset { get; } = offset;
}
