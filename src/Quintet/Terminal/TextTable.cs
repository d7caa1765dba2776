using System.Text;

namespace Quintet.Terminal;

/// <summary>Columns of text for people and for <c>awk</c>: aligned by blanks, no lines drawn.</summary>
internal sealed class TextTable(params string[] heads)
{
    private readonly List<string[]> _rows = [heads];

    public TextTable Add(params string[] cells)
    {
        _rows.Add(cells);
        return this;
    }

    public override string ToString()
    {
        int[] widths = [.. Enumerable.Range(0, heads.Length).Select(column => _rows.Max(row => row[column].Length))];
        StringBuilder text = new();
        foreach (string[] row in _rows)
        {
            StringBuilder line = new();
            foreach ((int column, string cell) in row.Index()) line.Append(cell.PadRight(widths[column] + 2));
            text.AppendLine(line.ToString().TrimEnd());
        }

        return text.ToString();
    }
}
