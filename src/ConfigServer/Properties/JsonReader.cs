using System.Text;
using System.Text.Json;

namespace Quintet.ConfigServer.Properties;

/// <summary>Reads JSON (RFC 8259, no comments) into a tree. A name that occurs twice in an object is a fault, as in YAML.</summary>
internal static class JsonReader
{
    public static PropertyNode Read(string text, ReadLimits limits)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = limits.DepthMax });
        Positions positions = new(bytes);
        try
        {
            reader.Read();
            PropertyNode root = ReadNode(ref reader, positions);
            reader.Read(); // anything but blanks after the value is refused here
            return root;
        }
        catch (JsonException fault)
        {
            // The reader's message ends with its position, which is reported in a field of its own.
            string message = fault.Message.Split(" LineNumber:")[0];
            throw new PropertyFileException((int)(fault.LineNumber ?? 0) + 1, message);
        }
        catch (InvalidOperationException)
        {
            throw new PropertyFileException(positions.Of((int)reader.TokenStartIndex).Line, "a text has an escape that is no character");
        }
    }

    private static PropertyNode ReadNode(ref Utf8JsonReader reader, Positions positions)
    {
        (int line, int column) = positions.Of((int)reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadMap(ref reader, positions);
            case JsonTokenType.StartArray:
                List<PropertyNode> items = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(ReadNode(ref reader, positions));
                return new ListNode(items, line, column);
            default:
                return new ScalarNode(ValueOf(ref reader), line, column);
        }
    }

    private static MapNode ReadMap(ref Utf8JsonReader reader, Positions positions)
    {
        (int line, int column) = positions.Of((int)reader.TokenStartIndex);
        List<KeyValuePair<string, PropertyNode>> entries = [];
        HashSet<string> keys = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string key = reader.GetString()!;
            if (!keys.Add(key)) throw new PropertyFileException(positions.Of((int)reader.TokenStartIndex).Line, $"the key '{key}' occurs twice");
            reader.Read();
            entries.Add(new(key, ReadNode(ref reader, positions)));
        }

        return new MapNode(entries, line, column);
    }

    private static PropertyValue? ValueOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.True => new PropertyValue(ScalarKind.Boolean, "true"),
        JsonTokenType.False => new PropertyValue(ScalarKind.Boolean, "false"),
        JsonTokenType.Number => new PropertyValue(ScalarKind.Number, Encoding.UTF8.GetString(reader.ValueSpan)),
        _ => PropertyValue.Of(reader.GetString()!),
    };

    /// <summary>Lines and columns of offsets that only grow.</summary>
    private sealed class Positions(byte[] bytes)
    {
        private int offset;
        private int line = 1;
        private int lineStart;

        public (int Line, int Column) Of(int position)
        {
            for (; offset < position; offset++)
            {
                if (bytes[offset] != '\n') continue;
                line++;
                lineStart = offset + 1;
            }

            return (line, position - lineStart + 1);
        }
    }
}
