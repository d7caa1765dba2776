using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Management.Messages;

/// <summary>
/// Properties of a message (u16 flags, then those that are there, highest bit first; AMQP 0-9-1 §4.2.6.1) as a JSON object, and back.
/// </summary>
internal static class PropertyJson
{
    // In the order of the flags, from bit 15 down.
    private static readonly string[] Names =
    [
        "content_type", "content_encoding", "headers", "delivery_mode", "priority", "correlation_id", "reply_to", "expiration", "message_id",
        "timestamp", "type", "user_id", "app_id", "cluster_id",
    ];

    /// <summary>Shows properties that are whole. RabbitMQ shows an empty list where there are none.</summary>
    public static JsonNode Show(ReadOnlySpan<byte> octets)
    {
        JsonObject shown = [];
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(octets);
        ReadOnlySpan<byte> rest = octets[2..];
        for (int index = 0; index < Names.Length; index++)
        {
            if ((flags & 0x8000 >> index) == 0) continue;
            string name = Names[index];
            switch (name)
            {
                case "headers":
                    int size = (int)BinaryPrimitives.ReadUInt32BigEndian(rest);
                    shown[name] = FieldTableReader.TryRead(rest.Slice(4, size), out FieldTable? table) ? Shapes.Of(table) : new JsonObject();
                    rest = rest[(4 + size)..];
                    break;
                case "delivery_mode" or "priority":
                    shown[name] = rest[0];
                    rest = rest[1..];
                    break;
                case "timestamp":
                    shown[name] = BinaryPrimitives.ReadUInt64BigEndian(rest);
                    rest = rest[8..];
                    break;
                default:
                    shown[name] = Encoding.UTF8.GetString(rest.Slice(1, rest[0]));
                    rest = rest[(1 + rest[0])..];
                    break;
            }
        }

        return shown.Count == 0 ? new JsonArray() : shown;
    }

    /// <summary>Members that are no properties are passed over, as RabbitMQ does.</summary>
    public static byte[] Read(JsonElement properties)
    {
        if (properties.ValueKind == JsonValueKind.Array && properties.GetArrayLength() == 0) return [0, 0];
        if (properties.ValueKind != JsonValueKind.Object) throw Refusal.BadRequest(new object[] { "not_a_properties_object", properties });
        using MemoryStream output = new();
        output.Write([0, 0]);
        int flags = 0;
        for (int index = 0; index < Names.Length; index++)
        {
            if (!properties.TryGetProperty(Names[index], out JsonElement value)) continue;
            flags |= 0x8000 >> index;
            Write(output, Names[index], value);
        }

        byte[] octets = output.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(octets, (ushort)flags);
        return octets;
    }

    private static void Write(MemoryStream output, string name, JsonElement value)
    {
        switch (name)
        {
            case "headers":
                output.Write(FieldTableWriter.Encode(JsonFields.Table(value)));
                break;
            case "delivery_mode" or "priority":
                if (value.ValueKind != JsonValueKind.Number || !value.TryGetByte(out byte octet)) throw NotInteger(name);
                output.WriteByte(octet);
                break;
            case "timestamp":
                if (value.ValueKind != JsonValueKind.Number || !value.TryGetUInt64(out ulong seconds)) throw NotInteger(name);
                Span<byte> octets = stackalloc byte[8];
                BinaryPrimitives.WriteUInt64BigEndian(octets, seconds);
                output.Write(octets);
                break;
            default:
                byte[] text = Encoding.UTF8.GetBytes(value.ValueKind switch
                {
                    JsonValueKind.String => value.GetString()!,
                    JsonValueKind.Number => value.GetRawText(),
                    _ => throw Refusal.BadRequest(new object[] { "not_string", name }),
                });
                if (text.Length > byte.MaxValue) throw Refusal.BadRequest(string.Create(CultureInfo.InvariantCulture, $"{name} is longer than 255 octets"));
                output.WriteByte((byte)text.Length);
                output.Write(text);
                break;
        }
    }

    private static Refusal NotInteger(string name) => Refusal.BadRequest(new object[] { "not_int", name });
}
