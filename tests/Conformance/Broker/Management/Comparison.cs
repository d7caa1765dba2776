using System.Text.Json;
using System.Text.Json.Nodes;

namespace Quintet.Conformance.Broker.Management;

/// <summary>
/// How our answer differs from RabbitMQ's: in the status; where both refuse, in the words; otherwise in the members and their kinds, the items of a
/// list taken together. Values are not compared: they belong to the one broker.
/// </summary>
internal static class Comparison
{
    public static IEnumerable<string> Differences(Answer ours, Answer theirs)
    {
        if (ours.Status != theirs.Status) return [$"status {ours.Status} here, {theirs.Status} there"];
        return ours.Status >= 400 ? Words(ours, theirs) : Members(ours.Body, theirs.Body);
    }

    private static IEnumerable<string> Words(Answer ours, Answer theirs)
    {
        foreach (string member in (string[])["error", "reason"])
        {
            string here = Word(ours, member), there = Word(theirs, member);
            if (here != there) yield return $"{member} {here} here, {there} there";
        }
    }

    private static string Word(Answer answer, string member) =>
        answer.Body is JsonObject body && body.TryGetPropertyValue(member, out JsonNode? word) ? word?.ToJsonString() ?? "null" : "nothing";

    private static IEnumerable<string> Members(JsonNode? ours, JsonNode? theirs)
    {
        SortedDictionary<string, SortedSet<string>> here = Shape(ours), there = Shape(theirs);
        HashSet<string> told = [];
        foreach (string path in here.Keys.Union(there.Keys).Order(StringComparer.Ordinal))
        {
            if (told.Any(parent => path.StartsWith(parent, StringComparison.Ordinal) && path[parent.Length..] is ['.' or '[', ..])) continue;
            string? difference = !here.TryGetValue(path, out SortedSet<string>? mine) ? $"{path} only there"
                : !there.TryGetValue(path, out SortedSet<string>? its) ? $"{path} only here"
                : mine.SetEquals(its) ? null
                : $"{path} is {string.Join('/', mine)} here, {string.Join('/', its)} there";
            if (difference is null) continue;
            told.Add(path);
            yield return difference;
        }
    }

    /// <summary>Each member by its path, with the kinds its values have.</summary>
    private static SortedDictionary<string, SortedSet<string>> Shape(JsonNode? body)
    {
        SortedDictionary<string, SortedSet<string>> shape = new(StringComparer.Ordinal);
        Add("body", body);
        return shape;

        void Add(string path, JsonNode? node)
        {
            if (!shape.TryGetValue(path, out SortedSet<string>? kinds)) shape[path] = kinds = new SortedSet<string>(StringComparer.Ordinal);
            kinds.Add(KindOf(node));
            if (node is JsonObject members)
                foreach ((string name, JsonNode? value) in members) Add($"{path}.{name}", value);
            else if (node is JsonArray items)
                foreach (JsonNode? item in items) Add($"{path}[]", item);
        }
    }

    private static string KindOf(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind kind => kind.ToString().ToLowerInvariant(),
    };
}
