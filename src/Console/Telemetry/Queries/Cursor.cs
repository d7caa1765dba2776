using System.Globalization;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>Where the next page begins: the sort key of the last row of this one.</summary>
internal static class Cursor
{
    public static string Write(params ReadOnlySpan<long> key)
    {
        string[] parts = new string[key.Length];
        for (int i = 0; i < key.Length; i++) parts[i] = key[i].ToString("x", CultureInfo.InvariantCulture);
        return string.Join('.', parts);
    }

    /// <exception cref="InvalidQueryException">It is not one that this question gave.</exception>
    public static object[] Read(string cursor, int length)
    {
        string[] parts = cursor.Split('.');
        object[] key = new object[length];
        for (int i = 0; i < length; i++)
        {
            if (parts.Length != length || !long.TryParse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long part))
                throw new InvalidQueryException("cursor", "is not the 'next' of an answer to the same question");
            key[i] = part;
        }

        return key;
    }
}
