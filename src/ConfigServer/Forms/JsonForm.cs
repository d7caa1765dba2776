using System.Text.Encodings.Web;
using System.Text.Json;
using Quintet.ConfigServer.Properties;

namespace Quintet.ConfigServer.Forms;

/// <summary>Writes scalars into JSON as what they are, and a tree as nested objects and arrays.</summary>
internal static class JsonForm
{
    // The answer is application/json and never part of a page, so letters beyond ASCII may stay readable.
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(MapNode root)
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body, Options)) WriteNode(json, root);
        return body.ToArray();
    }

    public static void WriteValue(Utf8JsonWriter json, PropertyValue value)
    {
        switch (value.Kind)
        {
            case ScalarKind.Number:
                json.WriteRawValue(value.Text);
                break;
            case ScalarKind.Boolean:
                json.WriteBooleanValue(value.Text == "true");
                break;
            default:
                json.WriteStringValue(value.Text);
                break;
        }
    }

    private static void WriteNode(Utf8JsonWriter json, PropertyNode node)
    {
        switch (node)
        {
            case MapNode map:
                json.WriteStartObject();
                foreach ((string key, PropertyNode value) in map.Entries)
                {
                    json.WritePropertyName(key);
                    WriteNode(json, value);
                }

                json.WriteEndObject();
                break;
            case ListNode list:
                json.WriteStartArray();
                foreach (PropertyNode item in list.Items) WriteNode(json, item);
                json.WriteEndArray();
                break;
            case ScalarNode scalar:
                WriteValue(json, scalar.Value ?? PropertyValue.Empty);
                break;
        }
    }
}
