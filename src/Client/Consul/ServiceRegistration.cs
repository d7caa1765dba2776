namespace Quintet.Client.Consul;

/// <summary>An instance to be registered with the agent (<c>PUT /v1/agent/service/register</c>).</summary>
/// <param name="Id">The instance's id, unique at the agent: <c>users-1</c>.</param>
/// <param name="Name">The service's name: <c>users</c>.</param>
/// <param name="Address">Where clients reach it; null means the address of the agent's node.</param>
/// <param name="Port">The port clients connect to.</param>
public sealed record ServiceRegistration(string Id, string Name, string? Address, int Port)
{
    /// <summary>Free labels, matched without regard to case.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Free pairs; Consul takes at most 64, keys of at most 128 characters from <c>[A-Za-z0-9_-]</c>, values of at most 512.</summary>
    public IReadOnlyDictionary<string, string> Meta { get; init; } = new Dictionary<string, string>();

    /// <summary>The instance's health checks. One without <see cref="ServiceCheck.CheckId"/> gets <c>service:&lt;id&gt;</c> when it is alone.</summary>
    public IReadOnlyList<ServiceCheck> Checks { get; init; } = [];
}

/// <summary>One health check: give exactly one of <see cref="Http"/>, <see cref="Tcp"/> (both with <see cref="Interval"/>) and <see cref="Ttl"/>.</summary>
public sealed record ServiceCheck
{
    /// <summary>The check's id, or null for a generated one.</summary>
    public string? CheckId { get; init; }

    /// <summary>The check's name for people, or null for a generated one.</summary>
    public string? Name { get; init; }

    /// <summary>A URL that answers 2xx while the instance is well (429 means warning).</summary>
    public Uri? Http { get; init; }

    /// <summary><c>host:port</c> that accepts connections while the instance is well.</summary>
    public string? Tcp { get; init; }

    /// <summary>How long a heartbeat (<see cref="ConsulClient.PassAsync"/>) is good for.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>How often the registry looks.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>How long the registry waits for an answer; null is Consul's default of 10 s.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>After how long in critical state the instance is removed; null means never, and Consul treats less than a minute as a minute.</summary>
    public TimeSpan? DeregisterCriticalServiceAfter { get; init; }

    /// <summary>The first status; null is Consul's default, critical.</summary>
    public InstanceStatus? Status { get; init; }

    /// <summary>A remark for people.</summary>
    public string? Notes { get; init; }
}
