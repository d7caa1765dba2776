using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf.Collections;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Reading;

/// <summary>OTLP attributes as JSON, within the limits of the store.</summary>
internal sealed class AttributeReader(TelemetryLimitOptions limits)
{
    private const int NameLengthMax = 256;
    private static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public ResourceRow ReadResource(Resource? resource)
    {
        RepeatedField<KeyValue> attributes = resource?.Attributes ?? [];
        return new ResourceRow(
            Name(Text(attributes, "service.name") ?? "unknown_service"),
            Name(Text(attributes, "service.instance.id") ?? ""),
            Name(Text(attributes, "service.version") ?? ""),
            ToJson(attributes.Where(pair => pair.Key is not ("service.name" or "service.instance.id" or "service.version")), sorted: true));
    }

    /// <summary>An object with a member for each attribute; the first of equal keys counts.</summary>
    public string ToJson(IEnumerable<KeyValue> attributes, bool sorted = false)
    {
        IEnumerable<KeyValue> chosen = attributes.DistinctBy(pair => pair.Key).Take(limits.AttributesMax);
        if (sorted) chosen = chosen.OrderBy(pair => pair.Key, StringComparer.Ordinal);
        return Write(json => WriteMembers(json, chosen));
    }

    /// <summary>A text as it is, anything else as JSON.</summary>
    public string ToText(AnyValue? value) => value?.ValueCase switch
    {
        null or AnyValue.ValueOneofCase.None => "",
        AnyValue.ValueOneofCase.StringValue => Cut(value.StringValue),
        _ => Cut(Write(json => WriteValue(json, value))),
    };

    public static string Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer, Written);
        write(json);
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public void WriteMembers(Utf8JsonWriter json, IEnumerable<KeyValue> attributes)
    {
        json.WriteStartObject();
        foreach (KeyValue pair in attributes)
        {
            json.WritePropertyName(Cut(pair.Key));
            WriteValue(json, pair.Value);
        }

        json.WriteEndObject();
    }

    public string Cut(string text) => Cut(text, limits.ValueLengthMax);

    /// <summary>The text of an attribute, whatever its type; null when there is none.</summary>
    public string? Text(IEnumerable<KeyValue> attributes, string key) =>
        attributes.FirstOrDefault(pair => pair.Key == key) is { Value: { } value } ? ToText(value) : null;

    private static string Name(string name) => Cut(name, NameLengthMax);

    /// <summary>Never between the two halves of a character.</summary>
    private static string Cut(string text, int length)
    {
        if (text.Length <= length) return text;
        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    private void WriteValue(Utf8JsonWriter json, AnyValue? value)
    {
        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue:
                json.WriteStringValue(Cut(value.StringValue));
                break;
            case AnyValue.ValueOneofCase.BoolValue:
                json.WriteBooleanValue(value.BoolValue);
                break;
            case AnyValue.ValueOneofCase.IntValue:
                json.WriteNumberValue(value.IntValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue):
                json.WriteNumberValue(value.DoubleValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue: // JSON has no NaN
                json.WriteStringValue(value.DoubleValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
            case AnyValue.ValueOneofCase.BytesValue:
                json.WriteStringValue(Cut(value.BytesValue.ToBase64()));
                break;
            case AnyValue.ValueOneofCase.ArrayValue:
                json.WriteStartArray();
                foreach (AnyValue item in value.ArrayValue.Values.Take(limits.AttributesMax)) WriteValue(json, item);
                json.WriteEndArray();
                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                WriteMembers(json, value.KvlistValue.Values.DistinctBy(pair => pair.Key).Take(limits.AttributesMax));
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }
}
