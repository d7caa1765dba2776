using System.Text;

namespace Quintet.Manifest;

/// <summary>Splits a command into words as a shell's quoting would, and nothing more: no variables, no globs, no pipes.</summary>
internal static class CommandWords
{
    /// <summary>The words, or null with a reason when a quote is left open or nothing is there.</summary>
    public static IReadOnlyList<string>? Split(string text, out string fault)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool inWord = false;
        char quote = '\0';
        fault = "";
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote != '\0' && c == quote) quote = '\0';
            else if (quote == '\'') word.Append(c);
            else if (c == '\\' && i + 1 < text.Length) (inWord, word) = (true, word.Append(text[++i]));
            else if (quote != '\0') word.Append(c);
            else if (c is '\'' or '"') (inWord, quote) = (true, c);
            else if (!char.IsWhiteSpace(c)) (inWord, word) = (true, word.Append(c));
            else if (inWord)
            {
                words.Add(word.ToString());
                word.Clear();
                inWord = false;
            }
        }

        if (inWord) words.Add(word.ToString());
        if (quote != '\0') fault = $"the quote {quote} is not closed";
        else if (words.Count == 0 || words[0].Length == 0) fault = "there is no program to run";
        return fault.Length == 0 ? words : null;
    }
}
