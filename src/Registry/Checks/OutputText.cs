using System.Text;

namespace Quintet.Registry.Checks;

/// <summary>Texts of checks, cut to size.</summary>
internal static class OutputText
{
    /// <summary>
    /// The longest beginning of <paramref name="text"/> that has at most <paramref name="bytesMax"/> bytes and ends between characters.
    /// </summary>
    public static string Prefix(string text, int bytesMax)
    {
        int bytes = 0;
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > bytesMax) break;
            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }
}
