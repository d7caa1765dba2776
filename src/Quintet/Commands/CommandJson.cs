using System.Text.Json.Serialization;
using Quintet.Client.Telemetry;
using Quintet.Terminal;

namespace Quintet.Commands;

internal sealed record StatusJson(bool Ready, IReadOnlyList<ProcessJson> Processes);

internal sealed record ProcessJson(string Part, string Instance, int Pid, string State, string? Endpoint, int Restarts, double MemoryMb);

internal sealed record ChangeJson(string Message);

internal sealed record LogJson(string Time, string Instance, string Text);

/// <summary>What commands print with <c>--output json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatusJson))]
[JsonSerializable(typeof(ChangeJson))]
[JsonSerializable(typeof(LogJson))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<StoryInfo>))]
[JsonSerializable(typeof(MapInfo))]
[JsonSerializable(typeof(IReadOnlyList<PartLoad>))]
[JsonSerializable(typeof(IReadOnlyList<TraceInfo>))]
[JsonSerializable(typeof(TraceTreeInfo))]
internal sealed partial class CommandJson : JsonSerializerContext;
