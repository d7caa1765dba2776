using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Quintet.Client.Broker;

namespace Quintet.Console.DeadLetters;

/// <summary>
/// Where and why a message died last. A broker notes it at the head of <c>x-death</c>; a service on the chassis, which takes the broker's older
/// marks off, in headers of its own.
/// </summary>
/// <param name="Queue">The queue it died in.</param>
/// <param name="Reason">The broker's word (<c>rejected</c>, <c>expired</c>, <c>delivery_limit</c>), or the name of the service's exception.</param>
/// <param name="Text">What the exception said; null when a broker let it die.</param>
/// <param name="Attempts">How often the service tried; null when that is not known.</param>
internal sealed partial record Death(string Queue, string Reason, string? Text = null, int? Attempts = null)
{
    /// <summary>What the chassis writes into a message that it sends to the retries or to the dead letters.</summary>
    public const string ChassisMarks = "x-quintet-";

    public static Death? Of(PeekedMessage message) =>
        message.Properties.ValueKind == JsonValueKind.Object && message.Properties.TryGetProperty("headers", out JsonElement headers)
            && headers.ValueKind == JsonValueKind.Object
                ? Of(headers.EnumerateObject().ToDictionary(header => header.Name, header => Plain(header.Value)))
                : null;

    public static Death? Of(IDictionary<string, object?>? headers)
    {
        if (headers is null) return null;
        if (headers.TryGetValue("x-death", out object? deaths) && deaths is System.Collections.IList { Count: > 0 } list
            && list[0] is IDictionary<string, object?> last && Word(last, "queue") is { } queue)
            return new Death(queue, Word(last, "reason") ?? "unknown");
        return Word(headers, $"{ChassisMarks}queue") is { } handled
            ? new Death(handled, Word(headers, $"{ChassisMarks}reason") ?? "unknown", Word(headers, $"{ChassisMarks}reason-text"), Attempt(headers))
            : null;
    }

    /// <summary>What letters have in common that died of the same: place, reason and error, whatever ids and numbers stand in it.</summary>
    public string Cause => Text is null ? ToString() : $"{this}: {Varying().Replace(Text, "…")}";

    /// <summary>The cause of a death, or that there was none.</summary>
    public static string CauseOf(Death? death) => death?.Cause ?? "did not die";

    public override string ToString() => $"{Reason} in {Queue}";

    // Numbers and hexadecimal identifiers vary from letter to letter; a number between blanks that may be a status, such as 503, tells errors apart.
    [GeneratedRegex(@"(?!(?<=\s)[1-5][0-9]{2}(?:[\s,.:;)]|$))(?:\b(?=[0-9A-Fa-f-]*[0-9])[0-9A-Fa-f]+(?:-[0-9A-Fa-f]+)*\b|(?<![0-9])[0-9]+)")]
    private static partial Regex Varying();

    private static int? Attempt(IDictionary<string, object?> headers) =>
        headers.TryGetValue($"{ChassisMarks}attempt", out object? value)
            && int.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), NumberStyles.None, CultureInfo.InvariantCulture, out int attempt)
                ? attempt
                : null;

    private static string? Word(IDictionary<string, object?> table, string key) =>
        table.TryGetValue(key, out object? value) ? value as string ?? (value is byte[] octets ? Encoding.UTF8.GetString(octets) : null) : null;

    private static object? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().ToDictionary(member => member.Name, member => Plain(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Select(Plain).ToList(),
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => null,
        _ => value.GetRawText(),
    };
}
