using System.Text.Json;
using Quintet.ConfigServer.Forms;
using Quintet.ConfigServer.Properties;
using Quintet.ConfigServer.Sources;

namespace Quintet.ConfigServer.Environments;

/// <summary>Writes the JSON in which the sources stand apart, in its first version or with origins in its second.</summary>
/// <param name="Root">What names of sources begin with: the repository's address.</param>
/// <param name="Label">As the client wrote it; null when it named none.</param>
/// <param name="HasOrigins">The second version: every value says which line it came from.</param>
internal sealed record EnvironmentJson(string Root, string? Label, bool HasOrigins)
{
    public const string MediaType = "application/json";
    public const string MediaTypeWithOrigins = "application/vnd.spring-cloud.config-server.v2+json";

    public byte[] Write(EffectiveEnvironment environment, IReadOnlyList<PropertySource> sources)
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body, JsonForm.Options))
        {
            json.WriteStartObject();
            json.WriteString("name", environment.Name.Applications);
            json.WriteStartArray("profiles");
            foreach (string profile in environment.Name.Profiles.Split(',')) json.WriteStringValue(profile);
            json.WriteEndArray();
            json.WriteString("label", Label);
            json.WriteString("version", environment.Version);
            json.WriteString("state", environment.State);
            json.WriteStartArray("propertySources");
            foreach (PropertySource source in sources) WriteSource(json, source);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private void WriteSource(Utf8JsonWriter json, PropertySource source)
    {
        json.WriteStartObject();
        json.WriteString("name", $"{Root}/{source.Name}");
        json.WriteStartObject("source");
        foreach (Property property in source.Properties)
        {
            json.WritePropertyName(property.Name);
            if (!HasOrigins) JsonForm.WriteValue(json, property.Value);
            else WriteWithOrigin(json, source, property);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteWithOrigin(Utf8JsonWriter json, PropertySource source, Property property)
    {
        json.WriteStartObject();
        json.WritePropertyName("value");
        JsonForm.WriteValue(json, property.Value);
        json.WriteString("origin", $"file [{source.File}]:{property.Line}:{property.Column}");
        json.WriteEndObject();
    }
}
