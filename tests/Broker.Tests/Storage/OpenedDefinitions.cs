using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Disks;

namespace Quintet.Broker.Tests.Storage;

/// <summary>The definitions log of a broker that does not run, to be brought into a state that a crash could leave.</summary>
internal sealed class OpenedDefinitions : IAsyncDisposable
{
    private readonly FileDisk _disk;
    private readonly DefinitionsLog _log;

    private OpenedDefinitions(string folder)
    {
        _disk = new FileDisk(folder);
        _log = DefinitionsLog.Open(_disk, new StorageOptions());
    }

    public static OpenedDefinitions Open(string folder) => new(folder);

    public Task RemoveAsync(string key) => _log.Snapshot().ContainsKey(key)
        ? _log.RemoveAsync(key)
        : throw new KeyNotFoundException($"{key} is not among {string.Join(", ", _log.Snapshot().Keys)}");

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _disk.Dispose();
    }
}
