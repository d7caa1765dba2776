using System.Text.Json;

namespace Quintet.Client.Configuration;

/// <summary>Reads the JSON of the protocol; members it does not know are skipped.</summary>
internal static class EnvironmentReader
{
    public static ServedConfiguration Read(byte[] body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement root = document.RootElement;
        List<ServedProperty> merged = [];
        List<ServedProperty> overridden = [];
        HashSet<string> namesSeen = new(StringComparer.OrdinalIgnoreCase);
        HashSet<string> listsSeen = new(StringComparer.OrdinalIgnoreCase);

        foreach (JsonElement source in root.GetProperty("propertySources").EnumerateArray()) // strongest first
            Merge(source, (merged, overridden), namesSeen, listsSeen);

        return new ServedConfiguration(Text(root, "version"), Text(root, "state"), merged) { Overridden = overridden };
    }

    public static ConfigurationChange ReadChange(byte[] body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement root = document.RootElement;
        string[] changed = root.TryGetProperty("changed", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Select(name => name.GetString()).OfType<string>()]
            : [];
        return new ConfigurationChange(Text(root, "version"), Text(root, "state"), changed);
    }

    /// <summary>The commit in the answer to a write.</summary>
    public static string ReadVersion(byte[] body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("version").GetString() ?? "";
    }

    /// <summary>What an error answer says: the protocol's own <c>message</c>, or the <c>detail</c> or <c>title</c> of problem details.</summary>
    public static string? ReadError(string body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind != JsonValueKind.Object
                ? null
                : Text(document.RootElement, "message") ?? Text(document.RootElement, "detail") ?? Text(document.RootElement, "title");
        }
        catch (JsonException)
        {
            return null; // an error page of something in between: its status says enough
        }
    }

    private static void Merge(
        JsonElement source, (List<ServedProperty> Given, List<ServedProperty> Overridden) into, HashSet<string> namesSeen, HashSet<string> listsSeen)
    {
        string file = Text(source, "name") ?? "";
        HashSet<string> listsHere = new(StringComparer.OrdinalIgnoreCase);
        foreach (JsonProperty property in source.GetProperty("source").EnumerateObject())
        {
            string? list = PropertyName.ListOf(property.Name);
            string? value = ValueOf(property.Value);
            if (list is null && value is "") listsHere.Add(property.Name); // an empty list arrives as an empty text; it hides items below it
            bool isOfReplacedList = list is not null && listsSeen.Contains(list);
            if (list is not null && !isOfReplacedList) listsHere.Add(list);
            bool isGiven = !isOfReplacedList && namesSeen.Add(property.Name);
            (isGiven ? into.Given : into.Overridden).Add(new ServedProperty(property.Name, value, file));
        }

        listsSeen.UnionWith(listsHere);
    }

    private static string? ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };

    private static string? Text(JsonElement element, string member) =>
        element.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
