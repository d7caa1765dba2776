using CsCheck;
using Quintet.Client.Consul;
using Quintet.Console.Map;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Tests.Map;

/// <summary>What holds for the picture of any system of 5 to 60 nodes.</summary>
public sealed class MapLayoutTests
{
    /// <summary>A graph as the layout sees it: nodes with layers, and ways between them.</summary>
    private static readonly Gen<(MapNode[] Nodes, Way[] Ways)> Graphs =
        from layers in Gen.Int[0, 5].Array[5, 60]
        from ends in Gen.Select(Gen.Int[0, layers.Length - 1], Gen.Int[0, layers.Length - 1]).Array[0, 90]
        let nodes = layers.Select((layer, number) => new MapNode(NodeKey.Service($"s{number}"), (MapLayer)layer)).ToArray()
        select (nodes, ends.Where(end => end.Item1 != end.Item2).Select(end => new Way(nodes[end.Item1].Key, nodes[end.Item2].Key)).Distinct().ToArray());

    /// <summary>A system of some services that feed each other, and rates of what flows.</summary>
    private static readonly Gen<(int Services, int[] Rates)> Systems = Gen.Select(Gen.Int[2, 20], Gen.Int[0, 1000].Array[20]);

    [Fact]
    public void No_node_lies_on_another_or_outside_of_the_picture() => Graphs.Sample(graph =>
    {
        MapLayout layout = new(graph.Nodes);
        Box[] boxes = [.. graph.Nodes.Select(node => layout[node.Key])];
        Assert.All(boxes.Index(), one => Assert.DoesNotContain(boxes.Skip(one.Index + 1), other => other.Overlaps(one.Item)));
        Assert.All(boxes, box => Assert.True(box.X >= 0 && box.Right <= layout.Width && box.Y >= MapLayout.HeadHeight && box.Bottom <= layout.Height));
    });

    [Fact]
    public void Layers_go_from_left_to_right_and_names_from_top_to_bottom() => Graphs.Sample(graph =>
    {
        MapLayout layout = new(graph.Nodes);
        foreach (MapNode one in graph.Nodes)
            foreach (MapNode other in graph.Nodes)
                Assert.True(
                    one.Layer < other.Layer ? layout[one.Key].Right < layout[other.Key].X
                    : one.Layer != other.Layer || string.CompareOrdinal(one.Id, other.Id) >= 0 || layout[one.Key].Bottom < layout[other.Key].Y);
    });

    [Fact]
    public void No_line_runs_through_a_node_that_it_passes() => Graphs.Sample(graph =>
    {
        MapLayout layout = new(graph.Nodes);
        foreach (Way way in graph.Ways)
            foreach ((double X, double Y) point in layout.LineOf(way).Points.Skip(1).SkipLast(1))
                Assert.DoesNotContain(graph.Nodes, node => layout[node.Key] is var box
                    && point.X >= box.X && point.X <= box.Right && point.Y > box.Y && point.Y < box.Bottom);
    });

    [Fact]
    public void Words_beside_each_other_do_not_overlap_and_stay_in_their_order() =>
        Gen.Select(Gen.Double[0, 300], Gen.Double[10, 60]).Array[1, 30].Sample(labels =>
        {
            (double Top, double Height)[] wanted = [.. labels.Select(label => (label.Item1, label.Item2)).OrderBy(label => label.Item1)];
            double[] tops = EdgeLabels.Spread(wanted);
            for (int i = 1; i < tops.Length; i++) Assert.True(tops[i] >= tops[i - 1] + wanted[i - 1].Height - 1e-6);
            Assert.Equal(wanted.Sum(label => label.Top), tops.Sum(), 1e-3); // nobody is moved for nothing: what goes up is what goes down
        });

    [Fact]
    public void Words_that_have_room_stay_where_they_are() =>
        Assert.Equal([0, 30, 95, 125], EdgeLabels.Spread([(0, 30), (30, 30), (100, 30), (120, 30)]));

    [Fact]
    public void The_order_in_which_nodes_are_told_does_not_matter() => Graphs.Sample(graph =>
    {
        MapLayout layout = new(graph.Nodes);
        MapLayout other = new([.. graph.Nodes.Reverse()]);
        Assert.All(graph.Nodes, node => Assert.Equal(layout[node.Key], other[node.Key]));
    });

    [Fact]
    public void Nothing_moves_when_rates_and_failures_change() => Systems.Sample(system =>
    {
        SystemMap quiet = TownOf(system.Services, []).Map();
        SystemMap busy = TownOf(system.Services, system.Rates).Map();
        Assert.Equal(quiet.Nodes.Select(node => (node.Id, node.Layer)), busy.Nodes.Select(node => (node.Id, node.Layer)));
        MapLayout before = new(quiet.Nodes);
        MapLayout after = new(busy.Nodes);
        Assert.All(quiet.Nodes, node => Assert.Equal(before[node.Key], after[node.Key]));
        Assert.All(quiet.Edges, edge => Assert.Equal(before.LineOf(edge.Way).Path, after.LineOf(edge.Way).Path));
    });

    [Theory]
    [InlineData(0, 1.4)]
    [InlineData(9, 3.3)]
    [InlineData(1e9, 8)]
    public void A_line_grows_with_its_rate_and_stays_a_line(double rate, double width)
    {
        Assert.Equal(width, EdgeWords.WidthOf(new Traffic(1, rate, 0, null, null, true)), 0.01);
    }

    /// <summary>Each service publishes to the next and calls the one after; every third has a route.</summary>
    private static Town TownOf(int services, int[] rates)
    {
        Town town = new Town().With("gateway");
        for (int i = 0; i < services; i++)
        {
            (string name, string next) = ($"s{i}", $"s{(i + 1) % services}");
            town.With(name, new ServiceDeclaration
            {
                Version = "1", Routes = i % 3 == 0 ? [$"/{name}"] : [], Publishes = [$"{name}.done"], Calls = [$"s{(i + 2) % services}"], Database = "SQLite",
            });
            town.WithQueue(next, $"{name}.done");
            if (rates.Length > 0 && rates[i] > 0)
                town.Seen(Town.Service(name), new Peer(PeerKind.Queue, $"{next}.{name}.done"), rates[i], errors: rates[i] / 2000.0);
        }

        return town;
    }
}
