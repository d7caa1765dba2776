using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quintet.Chassis.Sagas;

/// <summary>Something that happened in a run.</summary>
/// <param name="At">When.</param>
/// <param name="What">What: <c>erase-notifications: asked</c>.</param>
public sealed record SagaEntry(DateTimeOffset At, string What);

/// <summary>A run's entries as they are stored.</summary>
internal static class SagaHistory
{
    // Tries are bounded, so this is reached by a saga of dozens of steps only; the first entries then give way.
    private const int EntriesMax = 200;

    public static IReadOnlyList<SagaEntry> Read(string json) => JsonSerializer.Deserialize(json, HistoryJson.Default.ListSagaEntry) ?? [];

    public static string Add(string json, DateTimeOffset at, string what) =>
        JsonSerializer.Serialize([.. Read(json).TakeLast(EntriesMax - 1), new SagaEntry(at, what)], HistoryJson.Default.ListSagaEntry);
}

[JsonSerializable(typeof(List<SagaEntry>))]
internal sealed partial class HistoryJson : JsonSerializerContext;
