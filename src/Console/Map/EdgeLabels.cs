namespace Quintet.Console.Map;

/// <summary>Where the words of edges stand: in the middle of each last piece of a line, and apart where they would lie on each other.</summary>
internal static class EdgeLabels
{
    /// <summary>From the baseline of a row of words to that of the next.</summary>
    public const double RowHeight = 17;

    /// <summary>From the top of the words to their first baseline.</summary>
    public const double Ascent = 10;

    /// <summary>From the top of the words to the baseline of a warning below two rows.</summary>
    public const double WarningDrop = Ascent + (2 * RowHeight) - 4;

    private const double Apart = 2;

    /// <summary>The heights of the tops of those that have words, by id of the edge.</summary>
    public static Dictionary<string, double> Tops(MapLayout layout, IEnumerable<(MapEdge Edge, EdgeLine Line)> drawn)
    {
        Dictionary<string, double> tops = [];
        foreach (var gap in drawn.Where(one => RowsOf(one.Edge) > 0).GroupBy(one => layout.GapAt(one.Line.LabelX)))
        {
            (MapEdge Edge, EdgeLine Line)[] fromTop = [.. gap.OrderBy(one => one.Line.LabelY).ThenBy(one => one.Edge.Id, StringComparer.Ordinal)];
            double[] spread = Spread([.. fromTop.Select(one => (WishOf(one.Line), (RowsOf(one.Edge) * RowHeight) + Apart))]);
            foreach ((int row, (MapEdge edge, _)) in fromTop.Index()) tops[edge.Id] = spread[row];
        }

        return tops;
    }

    /// <summary>Where the top would be if there were no others: the first two rows are in the middle of the line.</summary>
    public static double WishOf(EdgeLine line) => line.LabelY - 5 - Ascent;

    /// <summary>
    /// Tops of things below each other, each as near as can be to where it wants to be: what would overlap is joined into a block, which stands
    /// where its members want it on average.
    /// </summary>
    /// <param name="wanted">In the order from top to bottom.</param>
    public static double[] Spread(IReadOnlyList<(double Top, double Height)> wanted)
    {
        List<(double Wish, int Count, double Height)> blocks = []; // the sum of what its members wish for its top
        foreach ((double top, double height) in wanted)
        {
            (double Wish, int Count, double Height) block = (top, 1, height);
            while (blocks.Count > 0 && blocks[^1] is var above && above.Wish / above.Count + above.Height > block.Wish / block.Count)
            {
                block = (above.Wish + block.Wish - (above.Height * block.Count), above.Count + block.Count, above.Height + block.Height);
                blocks.RemoveAt(blocks.Count - 1);
            }

            blocks.Add(block);
        }

        double[] tops = new double[wanted.Count];
        int next = 0;
        foreach ((double wish, int count, _) in blocks)
        {
            double top = wish / count;
            for (int end = next + count; next < end; top += wanted[next++].Height) tops[next] = top;
        }

        return tops;
    }

    private static int RowsOf(MapEdge edge)
    {
        int rows = EdgeWords.Lines(edge).Length;
        return EdgeWords.Warning(edge) is null ? rows : Math.Max(2, rows) + 1; // a warning is below two rows, whether or not they are there
    }
}
