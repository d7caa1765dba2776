using System.Text;
using System.Text.Json;
using Quintet.Client.Broker;

namespace Quintet.Commands.Brokers;

/// <summary>Where and why a message died last: the head of its <c>x-death</c>.</summary>
internal sealed record Death(string Queue, string Reason)
{
    public static Death? Of(PeekedMessage message)
    {
        if (message.Properties.ValueKind != JsonValueKind.Object || !message.Properties.TryGetProperty("headers", out JsonElement headers)
            || headers.ValueKind != JsonValueKind.Object || !headers.TryGetProperty("x-death", out JsonElement deaths)
            || deaths.ValueKind != JsonValueKind.Array || deaths.GetArrayLength() == 0) return null;
        JsonElement last = deaths[0];
        return last.ValueKind == JsonValueKind.Object && last.TryGetProperty("queue", out JsonElement queue)
            && last.TryGetProperty("reason", out JsonElement reason)
                ? new Death(queue.ToString(), reason.ToString())
                : null;
    }

    public static Death? Of(IDictionary<string, object?>? headers)
    {
        if (headers?.TryGetValue("x-death", out object? deaths) != true || deaths is not System.Collections.IList { Count: > 0 } list
            || list[0] is not IDictionary<string, object?> last) return null;
        return Text(last, "queue") is { } queue ? new Death(queue, Text(last, "reason") ?? "unknown") : null;
    }

    public override string ToString() => $"{Reason} in {Queue}";

    private static string? Text(IDictionary<string, object?> table, string key) =>
        table.TryGetValue(key, out object? value) ? value as string ?? (value is byte[] octets ? Encoding.UTF8.GetString(octets) : null) : null;
}
