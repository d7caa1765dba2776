using System.Collections.Immutable;
using System.Threading.Channels;
using Quintet.Client.Consul;

namespace Quintet.Gateway.Discovery;

/// <summary>What the registry has told, as one immutable value.</summary>
internal sealed record RegistryPicture
{
    public static RegistryPicture Empty { get; } = new();

    /// <summary>The names in the catalog; null until it has answered for the first time.</summary>
    public ImmutableSortedSet<string>? Names { get; init; }

    /// <summary>The instances of the services that have answered.</summary>
    public ImmutableDictionary<string, IReadOnlyList<ServiceInstance>> Services { get; init; } =
        ImmutableDictionary<string, IReadOnlyList<ServiceInstance>>.Empty;

    /// <summary>The policies by service, as they stand in the key-value store.</summary>
    public ImmutableDictionary<string, ReadOnlyMemory<byte>> Policies { get; init; } = ImmutableDictionary<string, ReadOnlyMemory<byte>>.Empty;

    /// <summary>The key-value store has answered, or has refused to.</summary>
    public bool ArePoliciesKnown { get; init; }

    /// <summary>When the registry was last found away; the minimum when never.</summary>
    public DateTimeOffset AwayAt { get; init; }

    /// <summary>
    /// The instances that were well at some time since then, as <c>service/id</c>. What the registry says of these it knows; of
    /// others it may have forgotten.
    /// </summary>
    public ImmutableHashSet<string> Seen { get; init; } = [];

    public bool HasSeen(string service, string id) => Seen.Contains($"{service}/{id}");

    /// <summary>The registry did not answer for a service, or, when that is null, for the catalog.</summary>
    public RegistryPicture Away(string? service, DateTimeOffset now) => this with
    {
        AwayAt = now,
        Seen = service is null ? [] : Seen.Except(Seen.Where(seen => seen.StartsWith($"{service}/", StringComparison.Ordinal))),
    };

    /// <summary>The registry answered for a service.</summary>
    public RegistryPicture With(string service, IReadOnlyList<ServiceInstance> instances) => this with
    {
        Services = Services.SetItem(service, instances),
        Seen = Seen.Union(instances.Where(i => i.Status is InstanceStatus.Passing or InstanceStatus.Warning).Select(i => $"{service}/{i.Id}")),
    };

    /// <summary>Every service of the catalog has answered once, and so has the key-value store.</summary>
    public bool IsComplete => ArePoliciesKnown && Names is not null && Names.All(Services.ContainsKey);
}

/// <summary>Where the watches put what they hear, and the table loop reads it. Guarded by _gate: _picture.</summary>
internal sealed class RegistryState
{
    private readonly Lock _gate = new();

    // One waiting signal is enough: whoever takes it reads the newest picture.
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private RegistryPicture _picture = RegistryPicture.Empty;
    private volatile bool _isConnected;

    /// <summary>A signal after each change.</summary>
    public ChannelReader<bool> Changes => _changes.Reader;

    /// <summary>The last question to the registry was answered.</summary>
    public bool IsConnected
    {
        get => _isConnected;
        set => _isConnected = value;
    }

    public RegistryPicture Picture
    {
        get
        {
            lock (_gate) return _picture;
        }
    }

    public void Change(Func<RegistryPicture, RegistryPicture> change)
    {
        lock (_gate) _picture = change(_picture);
        _changes.Writer.TryWrite(true);
    }
}
