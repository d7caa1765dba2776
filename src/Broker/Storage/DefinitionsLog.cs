using Quintet.Broker.Storage.Disks;

namespace Quintet.Broker.Storage;

/// <summary>Everything the broker was told to remember besides messages: opaque values under opaque keys.</summary>
internal sealed class DefinitionsLog : IAsyncDisposable
{
    public static DefinitionsLog Open(Disk disk, StorageOptions options) => throw new NotImplementedException();

    /// <summary>What was there at start and is there now.</summary>
    public IReadOnlyDictionary<string, byte[]> Snapshot() => throw new NotImplementedException();

    /// <summary>Durable when the task completes. Order of calls is order on disk.</summary>
    public Task PutAsync(string key, ReadOnlySpan<byte> value) => throw new NotImplementedException();

    /// <summary>Durable when the task completes; removing what is not there is fine.</summary>
    public Task RemoveAsync(string key) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
