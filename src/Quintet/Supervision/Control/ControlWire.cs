using System.Text.Json.Serialization;

namespace Quintet.Supervision.Control;

internal sealed record StatusAnswer(bool Ready, string System, IReadOnlyList<ProcessAnswer> Processes, string? Failure);

internal sealed record ProcessAnswer(
    string Part, string Instance, int Pid, string State, string? Endpoint, int Restarts, double MemoryMb, string Engine, string Reason)
{
    public double CpuSeconds { get; init; }

    public double UpSeconds { get; init; }

    public int Build { get; init; }
}

internal sealed record ChangeAnswer(string Message);

internal sealed record ProblemAnswer(string Type, string Title, int Status, string Detail, IReadOnlyList<string> Log);

internal sealed record ScaleRequest(string? Service, int? Replicas);

internal sealed record PartRequest(string? Part);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(ChangeAnswer))]
[JsonSerializable(typeof(ProblemAnswer))]
[JsonSerializable(typeof(ScaleRequest))]
[JsonSerializable(typeof(PartRequest))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class ControlJson : JsonSerializerContext;
