using System.Text.RegularExpressions;
using Quintet.Tidy.House;
using Xunit;

namespace Quintet.Tidy.Code;

/// <summary>Inside a project, folders depend on each other in one direction only.</summary>
public sealed partial class DirectionTests
{
    [Fact]
    public void The_codec_knows_no_socket_and_the_storage_no_protocol()
    {
        Assert.Empty(Uses("Broker", "Amqp").Where(folder => folder != "Amqp"));
        Assert.Empty(Uses("Broker", "Storage").Where(folder => folder != "Storage"));
        Assert.Empty(Uses("Broker", "Queues").Where(folder => folder is "Connections" or "Topology"));
        Assert.Empty(Uses("Broker", "Topology").Where(folder => folder is "Connections"));
    }

    [Theory]
    [InlineData("Broker")]
    [InlineData("Registry")]
    [InlineData("ConfigServer")]
    [InlineData("Gateway")]
    [InlineData("Console")]
    [InlineData("Chassis")]
    [InlineData("Client")]
    [InlineData("Hosting")]
    [InlineData("Quintet")]
    public void Folders_of_a_project_form_no_circle(string project)
    {
        string[] folders = [.. Checkout.Sources($"src/{project}/").Select(path => path.Split('/'))
            .Where(parts => parts.Length > 3).Select(parts => parts[2]).Distinct()];
        Dictionary<string, HashSet<string>> uses = folders.ToDictionary(
            folder => folder,
            folder => Uses(project, folder).Where(other => other != folder).ToHashSet());
        Assert.Empty(folders.Select(folder => Circle(folder, folder, uses, [])).Where(circle => circle is not null));
    }

    private static string? Circle(string start, string folder, Dictionary<string, HashSet<string>> uses, List<string> way)
    {
        if (way.Contains(folder)) return null;
        way.Add(folder);
        foreach (string next in uses.GetValueOrDefault(folder) ?? [])
        {
            if (next == start) return string.Join(" → ", [.. way, start]);
            if (Circle(start, next, uses, [.. way]) is { } circle) return circle;
        }

        return null;
    }

    private static IEnumerable<string> Uses(string project, string folder) =>
        Checkout.Sources($"src/{project}/{folder}/")
            .SelectMany(path => Using().Matches(Checkout.Read(path)))
            .Where(match => match.Groups[1].Value == project)
            .Select(match => match.Groups[2].Value)
            .Distinct();

    [GeneratedRegex(@"^using (?:static )?Quintet\.(\w+)\.(\w+)[\w.]*;", RegexOptions.Multiline)]
    private static partial Regex Using();
}
