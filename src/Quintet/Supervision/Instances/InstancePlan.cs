using Quintet.Supervision.Processes;

namespace Quintet.Supervision.Instances;

/// <summary>What one instance is. It keeps its id and port over restarts.</summary>
/// <param name="Part">The box or service: <c>users</c>.</param>
/// <param name="Id">Unique in the system: <c>users-1</c>; a box has the name of its part.</param>
internal sealed record InstancePlan(string Part, string Id)
{
    /// <summary>Where clients reach it, for people.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Gives what to start; asked again for each start, since a build or a setting may have changed.</summary>
    public required Func<ChildStart> Start { get; init; }

    /// <summary>Asks the process itself whether it is ready.</summary>
    public required HealthProbe Probe { get; init; }

    /// <summary>Its place in the registry; null for boxes.</summary>
    public RegistryEntry? Entry { get; init; }

    /// <summary>The number of its build below <c>apps/</c>; 0 when nothing is built for it.</summary>
    public int Build { get; init; }
}
