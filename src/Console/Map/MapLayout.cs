namespace Quintet.Console.Map;

/// <summary>Where a node is drawn.</summary>
internal readonly record struct Box(double X, double Y, double Width, double Height)
{
    public double Right => X + Width;

    public double Bottom => Y + Height;

    public double Middle => Y + (Height / 2);

    public bool Overlaps(Box other) => X < other.Right && other.X < Right && Y < other.Bottom && other.Y < Bottom;
}

/// <summary>A column of the map.</summary>
internal sealed record MapColumn(MapLayer Layer, double X, double Width, IReadOnlyList<Box> Boxes)
{
    public double Right => X + Width;

    /// <summary>The height between two nodes, above or below all, that is nearest to <paramref name="y"/>.</summary>
    public double GapNear(double y)
    {
        double half = MapLayout.GapHeight / 2;
        return Boxes.Select(box => box.Y - half).Append(Boxes[^1].Bottom + half).MinBy(gap => Math.Abs(gap - y));
    }
}

/// <summary>
/// Where everything stands: columns by layer, rows by name. Only what there is decides, never what flows, so that the picture keeps still while
/// its figures change.
/// </summary>
internal sealed class MapLayout
{
    public const double NodeHeight = 40;
    public const double GapHeight = 18;
    public const double HeadHeight = 34;
    private const double ColumnGap = 66;
    private const double Margin = 8;

    private readonly Dictionary<NodeKey, Box> _boxes = [];
    private readonly List<MapColumn> _columns = [];

    public MapLayout(IReadOnlyCollection<MapNode> nodes)
    {
        MapNode[][] layers = [.. nodes.GroupBy(node => node.Layer).OrderBy(layer => layer.Key)
            .Select(layer => layer.OrderBy(node => node.Id, StringComparer.Ordinal).ToArray())];
        int rows = layers.Select(layer => layer.Length).DefaultIfEmpty(0).Max();
        double x = Margin;
        foreach (MapNode[] layer in layers)
        {
            double width = WidthOf(layer[0].Layer);
            double y = HeadHeight + GapHeight + ((rows - layer.Length) * (NodeHeight + GapHeight) / 2); // a shorter column stands in the middle
            foreach ((int row, MapNode node) in layer.Index()) _boxes[node.Key] = new Box(x, y + (row * (NodeHeight + GapHeight)), width, NodeHeight);
            _columns.Add(new MapColumn(layer[0].Layer, x, width, [.. layer.Select(node => _boxes[node.Key])]));
            x += width + ColumnGap;
        }

        Width = layers.Length == 0 ? 0 : x - ColumnGap + Margin;
        Height = HeadHeight + GapHeight + (rows * (NodeHeight + GapHeight));
    }

    public double Width { get; }

    public double Height { get; }

    public IReadOnlyList<MapColumn> Columns => _columns;

    public Box this[NodeKey key] => _boxes[key];

    /// <summary>The line of an edge: straight to the next column, and between the nodes of those that it passes.</summary>
    public EdgeLine LineOf(Way way)
    {
        (int from, int to) = (ColumnOf(way.From), ColumnOf(way.To));
        (Box start, Box end) = (_boxes[way.From], _boxes[way.To]);
        if (from == to) return EdgeLine.Beside(start, end, ColumnGap);
        bool isForward = from < to;
        // What comes back does not lie on what goes there.
        double shift = isForward ? -5 : 7;
        List<(double X, double Y)> points = [(isForward ? start.Right : start.X, start.Middle + shift)];
        (double X, double Y) goal = (isForward ? end.X : end.Right, end.Middle + shift);
        for (int passed = from + (isForward ? 1 : -1); passed != to; passed += isForward ? 1 : -1)
        {
            MapColumn column = _columns[passed];
            double share = Math.Abs(passed - from) / (double)Math.Abs(to - from);
            double y = column.GapNear(points[0].Y + ((goal.Y - points[0].Y) * share));
            points.AddRange(isForward ? [(column.X, y), (column.Right, y)] : [(column.Right, y), (column.X, y)]);
        }

        points.Add(goal);
        return EdgeLine.Through(points);
    }

    /// <summary>The number of the gap between two columns in which something stands.</summary>
    public int GapAt(double x) => _columns.FindLastIndex(column => column.X <= x);

    private int ColumnOf(NodeKey key) => _columns.FindIndex(column => column.X == _boxes[key].X);

    private static double WidthOf(MapLayer layer) => layer switch
    {
        MapLayer.Outside => 92,
        MapLayer.Gateway => 98,
        MapLayer.Broker => 208,
        _ => 150,
    };
}
