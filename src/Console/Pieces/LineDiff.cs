using Quintet.Console.Parts;

namespace Quintet.Console.Pieces;

/// <summary>One line of a comparison.</summary>
/// <param name="Mark"><c>+</c> added, <c>-</c> removed, a blank when it stays.</param>
/// <param name="Text">The line.</param>
internal sealed record DiffLine(char Mark, string Text);

/// <summary>Compares two short texts line by line.</summary>
internal static class LineDiff
{
    /// <summary>A larger file is shown as replaced as a whole: the comparison takes the product of both lengths.</summary>
    private const int LinesMax = 2000;

    public static IReadOnlyList<DiffLine> Of(string before, string after)
    {
        string[] old = LinesOf(before);
        string[] now = LinesOf(after);
        if (old.Length > LinesMax || now.Length > LinesMax)
            return [.. old.Select(line => new DiffLine('-', line)), .. now.Select(line => new DiffLine('+', line))];
        List<DiffLine> lines = [];
        int i = 0, j = 0;
        foreach (Kept kept in Alignment.Of(old, now))
        {
            lines.Add(kept switch
            {
                Kept.Left => new DiffLine('-', old[i++]),
                Kept.Right => new DiffLine('+', now[j++]),
                _ => new DiffLine(' ', now[j++]),
            });
            if (kept == Kept.Both) i++;
        }

        return lines;
    }

    private static string[] LinesOf(string text) => text.Length == 0 ? [] : text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
}
