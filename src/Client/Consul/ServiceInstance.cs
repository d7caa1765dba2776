namespace Quintet.Client.Consul;

/// <summary>How well an instance is: the worst of its checks and of its node's checks.</summary>
public enum InstanceStatus
{
    /// <summary>Every check passes, or there is none.</summary>
    Passing,

    /// <summary>A check warns; the instance may still be called.</summary>
    Warning,

    /// <summary>A check fails.</summary>
    Critical,

    /// <summary>An operator took the instance or its node out of service.</summary>
    Maintenance,
}

/// <summary>An instance as <c>GET /v1/health/service/:name</c> lists it.</summary>
/// <param name="Id">The instance's id.</param>
/// <param name="Name">The service's name.</param>
/// <param name="Address">Where to reach it: its own address or, when it has none, its node's.</param>
/// <param name="Port">The port; 0 when it registered none.</param>
public sealed record ServiceInstance(string Id, string Name, string Address, int Port)
{
    /// <summary>Its labels.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Its pairs.</summary>
    public IReadOnlyDictionary<string, string> Meta { get; init; } = new Dictionary<string, string>();

    /// <summary>The worst of its checks; <see cref="InstanceStatus.Passing"/> in answers of the agent, which tell no status.</summary>
    public InstanceStatus Status { get; init; }

    /// <summary>What its worst check said last; empty when it said nothing, and in answers of the agent.</summary>
    public string CheckOutput { get; init; } = "";

    /// <summary>Its own checks and those of its node; none in answers of the agent.</summary>
    public IReadOnlyList<CheckState> Checks { get; init; } = [];
}

/// <summary>How a check is.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Status">What it says.</param>
/// <param name="Output">In its own words; empty when it has none.</param>
public sealed record CheckState(string Id, string Name, InstanceStatus Status, string Output);
