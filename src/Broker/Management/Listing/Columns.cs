using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Quintet.Broker.Management.Listing;

/// <summary>The members that were asked for, <c>messages_details.rate</c> for one within another; without any, all.</summary>
internal sealed class Columns
{
    private readonly string[][] _paths;

    private Columns(string[][] paths) => _paths = paths;

    public static Columns Of(IQueryCollection query) => new(query["columns"].FirstOrDefault() is { Length: > 0 } columns
        ? [.. columns.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(path => path.Split('.'))]
        : []);

    public JsonObject Pick(JsonObject whole)
    {
        if (_paths.Length == 0) return whole;
        JsonObject picked = [];
        foreach (string[] path in _paths) Copy(whole, picked, path);
        return picked;
    }

    /// <summary>Numbers by value, texts by ordinal; what is not there first.</summary>
    public static int Compare(JsonObject left, JsonObject right, string path)
    {
        (JsonNode? mine, JsonNode? theirs) = (Find(left, path), Find(right, path));
        if (mine is null || theirs is null) return (mine is null ? 0 : 1) - (theirs is null ? 0 : 1);
        return mine.GetValueKind() == JsonValueKind.Number && theirs.GetValueKind() == JsonValueKind.Number
            ? mine.GetValue<double>().CompareTo(theirs.GetValue<double>())
            : string.CompareOrdinal(mine.ToString(), theirs.ToString());
    }

    private static JsonNode? Find(JsonObject thing, string path)
    {
        JsonNode? at = thing;
        foreach (string name in path.Split('.')) at = (at as JsonObject)?[name];
        return at is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? JsonValue.Create(ToDouble(value)) : at;
    }

    private static double ToDouble(JsonValue value) => double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static void Copy(JsonObject from, JsonObject to, ReadOnlySpan<string> path)
    {
        if (!from.TryGetPropertyValue(path[0], out JsonNode? value)) return;
        if (path.Length == 1)
        {
            to[path[0]] = value?.DeepClone();
        }
        else if (value is JsonObject inner)
        {
            if (to[path[0]] is not JsonObject target) to[path[0]] = target = [];
            Copy(inner, target, path[1..]);
        }
    }
}
