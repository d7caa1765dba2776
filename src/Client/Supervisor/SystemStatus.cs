using System.Text.Json.Serialization;

namespace Quintet.Client.Supervisor;

/// <summary>How a running system is.</summary>
/// <param name="Ready">Every process is ready.</param>
/// <param name="System">The system's name.</param>
/// <param name="Processes">Its processes, the supervisor's own included.</param>
/// <param name="Failure">Why it cannot become ready, such as the compiler's errors; null when nothing is known against it.</param>
public sealed record SystemStatus(bool Ready, string System, IReadOnlyList<SystemProcess> Processes, string? Failure);

/// <summary>One process of a running system.</summary>
/// <param name="Part">The box or service.</param>
/// <param name="Instance">Its id, unique in the system.</param>
/// <param name="Pid">The process id; 0 while there is no process.</param>
/// <param name="State">building, starting, ready, unhealthy, restarting, stopping, stopped or failed.</param>
/// <param name="Endpoint">Where it is reached.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="MemoryMb">Resident memory in units of 1,048,576 bytes.</param>
/// <param name="Engine">What stands behind the part, for people.</param>
/// <param name="Reason">Why it is not ready, for people; empty when it is.</param>
public sealed record SystemProcess(
    string Part, string Instance, int Pid, string State, string? Endpoint, int Restarts, double MemoryMb, string Engine, string Reason)
{
    /// <summary>Seconds of processor time that the process has used.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Seconds since the process was started; 0 while there is none.</summary>
    public double UpSeconds { get; init; }

    /// <summary>The number of the deployed build; 0 when nothing is built for it.</summary>
    public int Build { get; init; }
}

/// <summary>What a deploy, a scale or a restart did.</summary>
/// <param name="Message">In one sentence.</param>
public sealed record SystemChange(string Message);

internal sealed record ScaleJson(string Service, int Replicas);

internal sealed record PartJson(string Part);

internal sealed record ProblemJson(string? Title, string? Detail, int? Status, IReadOnlyList<string>? Log);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(SystemStatus))]
[JsonSerializable(typeof(SystemChange))]
[JsonSerializable(typeof(ScaleJson))]
[JsonSerializable(typeof(PartJson))]
[JsonSerializable(typeof(ProblemJson))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class SupervisorJson : JsonSerializerContext;
