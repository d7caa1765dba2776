using System.Text.Json;
using System.Text.Json.Serialization;
using Quintet.Supervision.Processes;

namespace Quintet.Supervision.State;

/// <summary><c>run.json</c>: which run of the system this is, and where its supervisor is reached.</summary>
/// <param name="Run">The run's id, which every process of it has in <c>QUINTET_RUN</c>.</param>
/// <param name="Pid">The supervisor's process id; means nothing without the next two.</param>
/// <param name="StartTicks">When that process started.</param>
/// <param name="BootId">In which start of the machine.</param>
/// <param name="Manifest">The manifest it runs.</param>
internal sealed record RunFile(string Run, int Pid, long StartTicks, string BootId, string Manifest)
{
    /// <summary>The control API: <c>http://127.0.0.1:41234</c>.</summary>
    public required string Control { get; init; }

    /// <summary>Where each box is reached.</summary>
    public IReadOnlyDictionary<string, string> Endpoints { get; init; } = new Dictionary<string, string>();

    /// <summary>The supervisor of this run still lives.</summary>
    [JsonIgnore]
    public bool IsAlive => BootId == ProcessTable.BootId && ProcessTable.IsAlive(new ProcessIdentity(Pid, StartTicks));

    /// <summary>Null when there is none, or what is there is not one (a crash while the disk was full): then nothing is known of a run.</summary>
    public static RunFile? Read(StateFolder state)
    {
        try
        {
            return StateFolder.ReadJson(state.Run, StateJson.Default.RunFile);
        }
        catch (Exception fault) when (fault is JsonException or IOException)
        {
            return null;
        }
    }

    public void Write(StateFolder state) => StateFolder.WritePrivate(state.Run, JsonSerializer.SerializeToUtf8Bytes(this, StateJson.Default.RunFile));
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunFile))]
[JsonSerializable(typeof(EngineRecord))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
[JsonSerializable(typeof(Builds.BuildStamp))]
internal sealed partial class StateJson : JsonSerializerContext;
