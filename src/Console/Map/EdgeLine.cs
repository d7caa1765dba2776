using System.Text;
using Quintet.Console.Parts;

namespace Quintet.Console.Map;

/// <summary>How an edge is drawn.</summary>
/// <param name="Path">The data of an SVG path.</param>
/// <param name="Arrow">The same of its head.</param>
/// <param name="Points">Where it leaves, passes between nodes, and arrives.</param>
/// <param name="LabelX">The middle of its words.</param>
/// <param name="LabelY">Their height.</param>
internal sealed record EdgeLine(string Path, string Arrow, IReadOnlyList<(double X, double Y)> Points, double LabelX, double LabelY)
{
    private const double HeadLength = 7;
    private const double HeadHalf = 4;

    /// <summary>Curves between columns, which begin and end level, and straight lines across them.</summary>
    public static EdgeLine Through(IReadOnlyList<(double X, double Y)> points)
    {
        StringBuilder path = new($"M{P(points[0].X)} {P(points[0].Y)}");
        foreach (((double X, double Y) here, (double X, double Y) next) in points.Zip(points.Skip(1)))
        {
            double half = (here.X + next.X) / 2;
            path.Append(here.Y == next.Y ? $"H{P(next.X)}" : $"C{P(half)} {P(here.Y)} {P(half)} {P(next.Y)} {P(next.X)} {P(next.Y)}");
        }

        (double X, double Y) last = points[^1];
        // The words stand in the last gap: many edges may leave a node for many others, which lie apart.
        return new EdgeLine(
            path.ToString(), Head(last, last.X > points[^2].X), points, (points[^2].X + last.X) / 2, (points[^2].Y + last.Y) / 2);
    }

    /// <summary>An arc at the right of a column that both are in.</summary>
    public static EdgeLine Beside(Box start, Box end, double room)
    {
        double bulge = start.Right + (room * 0.6);
        string path = $"M{P(start.Right)} {P(start.Middle)}C{P(bulge)} {P(start.Middle)} {P(bulge)} {P(end.Middle)} {P(end.Right)} {P(end.Middle)}";
        return new EdgeLine(
            path, Head((end.Right, end.Middle), isForward: false), [(start.Right, start.Middle), (end.Right, end.Middle)], start.Right + (room * 0.45),
            (start.Middle + end.Middle) / 2);
    }

    private static string Head((double X, double Y) tip, bool isForward)
    {
        string back = P(isForward ? tip.X - HeadLength : tip.X + HeadLength);
        return $"M{back} {P(tip.Y - HeadHalf)}L{P(tip.X)} {P(tip.Y)}L{back} {P(tip.Y + HeadHalf)}z";
    }

    private static string P(double value) => Figures.Point(value);
}
