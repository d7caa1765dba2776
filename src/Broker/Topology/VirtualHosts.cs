using System.Collections.Concurrent;
using System.Text;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Topology;

/// <summary>
/// The virtual hosts. Changes come one after the other and count once they are on disk. A deletion first takes the description off the disk:
/// what a crash leaves behind of its exchanges, queues and messages belongs to no virtual host and is dropped by the next start.
/// </summary>
internal sealed class VirtualHosts(Definitions definitions, QueueServices services) : IDisposable
{
    private readonly ConcurrentDictionary<string, VirtualHost> _byName = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changes = new(1, 1);
    private Task _first = Task.CompletedTask;

    /// <summary>Raised when one is gone, before another of the same name may be made.</summary>
    public event Func<string, Task>? Deleted;

    public ICollection<VirtualHost> All => _byName.Values;

    public VirtualHost? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Puts back what was described; a broker without any virtual host makes <c>/</c>, as RabbitMQ does.</summary>
    public void Restore(IReadOnlyCollection<VirtualHostSettings> described)
    {
        foreach (VirtualHostSettings settings in described) Add(settings);
        if (described.Count > 0) return;
        VirtualHost first = Add(new VirtualHostSettings { Name = "/", Description = "Default virtual host" });
        _first = definitions.PutAsync(first.Settings);
    }

    /// <summary>Makes a virtual host, or describes it anew; true when it is new.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="most">So many may there be.</param>
    /// <param name="describe">Gets what is there, or the default of a new one.</param>
    /// <exception cref="ChangeRefusedException">The name is too long, or there are too many.</exception>
    public async Task<bool> PutAsync(string name, int most, Func<VirtualHostSettings, VirtualHostSettings> describe)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > VirtualHostSettings.NameBytesMax)
            throw new ChangeRefusedException($"the name of a virtual host is 1 to {VirtualHostSettings.NameBytesMax} octets long");
        await _changes.WaitAsync();
        try
        {
            VirtualHost? current = Find(name);
            if (current is null && _byName.Count >= most)
                throw new ChangeRefusedException($"cannot create vhost '{name}': vhost limit of {most} is reached");
            await StoreFirstAsync();
            VirtualHostSettings settings = describe(current?.Settings ?? new VirtualHostSettings { Name = name });
            await definitions.PutAsync(settings);
            if (current is null) Add(settings);
            else current.Settings = settings;
            return current is null;
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Ends a virtual host and all in it, for good; false when there is none of that name.</summary>
    public async Task<bool> DeleteAsync(string name)
    {
        await _changes.WaitAsync();
        try
        {
            if (Find(name) is not { } vhost) return false;
            await StoreFirstAsync();
            await definitions.RemoveAsync(vhost.Settings);
            _byName.TryRemove(name, out _);
            Task rest = vhost.End();
            // All are told, whatever becomes of one of them; a delegate of many would only wait for the last.
            await Task.WhenAll([rest, .. (Deleted?.GetInvocationList() ?? []).Select(told => ((Func<string, Task>)told)(name))]);
            return true;
        }
        finally
        {
            _changes.Release();
        }
    }

    public void Dispose() => _changes.Dispose();

    private VirtualHost Add(VirtualHostSettings settings) => _byName[settings.Name] = new VirtualHost(settings, definitions, services);

    // "/" was made by the start, when perhaps there was no space for it. Were another stored without it, "/" would be gone at the next start.
    private async Task StoreFirstAsync()
    {
        try
        {
            await _first;
        }
        catch (StorageFullException)
        {
            _first = Find("/") is { } first ? definitions.PutAsync(first.Settings) : Task.CompletedTask;
            await _first;
        }
    }
}

/// <summary>A change that an operator asked for and does not get; the message says why, in words for that operator.</summary>
internal sealed class ChangeRefusedException(string reason) : Exception(reason);
