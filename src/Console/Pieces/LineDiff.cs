namespace Quintet.Console.Pieces;

/// <summary>One line of a comparison.</summary>
/// <param name="Mark"><c>+</c> added, <c>-</c> removed, a blank when it stays.</param>
/// <param name="Text">The line.</param>
internal sealed record DiffLine(char Mark, string Text);

/// <summary>Compares two short texts line by line, by their longest common sequence.</summary>
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
        int[,] common = Common(old, now);
        List<DiffLine> lines = [];
        int i = 0, j = 0;
        while (i < old.Length || j < now.Length)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
            {
                lines.Add(new DiffLine(' ', old[i]));
                (i, j) = (i + 1, j + 1);
            }
            else if (j >= now.Length || (i < old.Length && common[i + 1, j] >= common[i, j + 1]))
            {
                lines.Add(new DiffLine('-', old[i++]));
            }
            else
            {
                lines.Add(new DiffLine('+', now[j++]));
            }
        }

        return lines;
    }

    /// <summary>How many lines the rests of both, from each place on, have in common.</summary>
    private static int[,] Common(string[] old, string[] now)
    {
        int[,] common = new int[old.Length + 1, now.Length + 1];
        for (int i = old.Length - 1; i >= 0; i--)
            for (int j = now.Length - 1; j >= 0; j--)
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        return common;
    }

    private static string[] LinesOf(string text) => text.Length == 0 ? [] : text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
}
