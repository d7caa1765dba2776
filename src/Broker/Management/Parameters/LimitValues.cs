using System.Text.Json;
using Quintet.Broker.Policies;

namespace Quintet.Broker.Management.Parameters;

/// <summary>Limits of virtual hosts and users as requests name them, refused in RabbitMQ's words.</summary>
internal static class LimitValues
{
    public static readonly string[] OfVhosts = ["max-connections", "max-queues"];
    public static readonly string[] OfUsers = ["max-connections", "max-channels"];

    /// <summary>A whole set of them: what is not in it has no limit.</summary>
    public static (long? Connections, long? Queues) OfVhost(JsonElement limits, Func<string, Refusal> refuse)
    {
        if (limits.ValueKind != JsonValueKind.Object) throw refuse($"limits should be a dictionary, actually was {ErlangJson.Show(limits)}");
        foreach (JsonProperty limit in limits.EnumerateObject()) RequireKnown(OfVhosts, "limits", limit.Name, limit.Value, refuse);
        return (Of(limits, "max-connections", refuse), Of(limits, "max-queues", refuse));
    }

    public static void RequireKnown(string[] known, string set, string name, JsonElement value, Func<string, Refusal> refuse)
    {
        if (!known.Contains(name)) throw refuse($"Unrecognised terms [{{<<\"{name}\">>,{ErlangJson.Show(value)}}}] in {set}");
    }

    /// <summary>Below 0 is RabbitMQ's "no limit".</summary>
    public static long? Read(string name, JsonElement value, Func<string, Refusal> refuse)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long limit)) return limit < 0 ? null : limit;
        throw refuse($"{name} should be a number, actually was {ErlangJson.Show(value)}");
    }

    private static long? Of(JsonElement limits, string name, Func<string, Refusal> refuse) =>
        limits.TryGetProperty(name, out JsonElement value) ? Read(name, value, refuse) : null;
}
