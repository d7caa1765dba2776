using System.Text.Json;
using Quintet.Registry.Tables;

namespace Quintet.Registry.KeyValue;

/// <summary>The shape in which a key is written. An empty value is null.</summary>
internal static class KeyJson
{
    public static void Write(Utf8JsonWriter json, KeyRow row)
    {
        json.WriteStartObject();
        json.WriteNumber("LockIndex", row.LockIndex);
        json.WriteString("Key", row.Key);
        json.WriteNumber("Flags", row.Flags);
        if (row.Value.Length == 0) json.WriteNull("Value");
        else json.WriteBase64String("Value", row.Value);
        if (row.Session is not null) json.WriteString("Session", row.Session);
        json.WriteNumber("CreateIndex", row.CreateIndex);
        json.WriteNumber("ModifyIndex", row.ModifyIndex);
        json.WriteEndObject();
    }
}
