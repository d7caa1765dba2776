namespace Quintet.Registry.Http;

/// <summary>Booleans as Go's <c>strconv.ParseBool</c> reads them.</summary>
internal static class GoBoolean
{
    public static bool TryParse(string text, out bool value)
    {
        value = text is "1" or "t" or "T" or "TRUE" or "true" or "True";
        return value || text is "0" or "f" or "F" or "FALSE" or "false" or "False";
    }
}
