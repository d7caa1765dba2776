using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Quintet.Client.Telemetry;
using Quintet.Terminal;

namespace Quintet.Commands.Watching;

/// <summary><c>quintet map</c>: who gives what to whom, as declared and as seen, from the console.</summary>
internal static class MapCommand
{
    public static Command Create()
    {
        Command command = new("map",
            """
            Show who gives what to whom: what the services declare, and what was seen of it.

            Examples:
              quintet map
              quintet map --last 1h
              quintet map --json | jq -r '.edges[] | select(.state == "undeclared") | "\(.from) -> \(.to)"'

            STATE: seen; UNUSED, declared and not seen in this time; UNDECLARED, seen and not in the service's entry in quintet.yaml;
            unmeasured, declared and told by no span. The figures are those of the last minute; with (old) those of the whole time.
            A request is seen some fifteen seconds after its end.
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Option<string?> last = new("--last") { Description = "How far back it looks.", HelpName = "duration", DefaultValueFactory = _ => "15m" };
        last.CompletionSources.Add("15m", "1h", "6h", "24h");
        SystemOptions.Duration(last);
        command.Options.Add(last);
        command.SetAction(async (line, cancellation) =>
        {
            using ConsoleApiClient console = await system.ConsoleAsync(line, cancellation);
            MapInfo map = await console.MapAsync(line.GetValue(last)!, cancellation);
            if (system.IsJson(line)) System.Console.WriteLine(JsonSerializer.Serialize(map, CommandJson.Default.MapInfo));
            else Print(map, line.GetValue(last)!);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(MapInfo map, string last)
    {
        TextTable table = new("FROM", "TO", "STATE", "RATE", "FAILING", "P50", "P99", "SEEN");
        foreach (MapEdgeInfo edge in map.Edges)
        {
            string rate = Words.Rate(edge.Rate) + (edge.Rate is null || edge.Recent ? "" : " (old)");
            table.Add(
                Words.Plain(edge.From), Words.Plain(edge.To), StateOf(edge), rate, Words.Percent(edge.ErrorShare), Words.Duration(edge.P50),
                Words.Duration(edge.P99), edge.Count?.ToString(CultureInfo.InvariantCulture) ?? "-");
        }

        System.Console.Write(table);
        foreach (MapNodeInfo node in map.Nodes.Where(node => node.Level is "warning" or "failing"))
            System.Console.WriteLine($"{node.Level}: {Words.Plain(node.Id)}, {Words.Plain(node.Says)}");
        string states = $"{Count(map, "seen")} seen, {Count(map, "unseen")} unused, {Count(map, "undeclared")} undeclared";
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{map.Edges.Count} connections in the last {last}: {states}"));
    }

    private static int Count(MapInfo map, string state) => map.Edges.Count(edge => edge.State == state);

    private static string StateOf(MapEdgeInfo edge) => edge.State switch { "unseen" => "UNUSED", "undeclared" => "UNDECLARED", _ => edge.State };
}
