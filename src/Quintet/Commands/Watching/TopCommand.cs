using System.CommandLine;
using System.Text.Json;
using Quintet.Client.Supervisor;
using Quintet.Client.Telemetry;
using Quintet.Terminal;

namespace Quintet.Commands.Watching;

/// <summary><c>quintet top</c>: each part with its requests, processor time and memory, again and again on a terminal.</summary>
internal static class TopCommand
{
    // Long enough for the kernel's hundredths of a second to make a percentage of.
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        Command command = new("top",
            """
            Show who has how much to do: requests, failures, durations, processor and memory of each part, until Ctrl-C.

            Examples:
              quintet top
              quintet top --every 5
              quintet top --json | jq 'sort_by(-.cpu)'
              quintet top --json | jq -r '.[] | select(.state != "ready") | .part'

            Requests are those of the last minute, and come from the console; CPU is a share of one processor.
            Where the output is no terminal, one table is printed.
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Option<bool> once = new("--once") { Description = "One table, then the end." };
        Option<int> every = new("--every") { Description = "Seconds between two tables.", HelpName = "seconds", DefaultValueFactory = _ => 2 };
        SystemOptions.Limit(every, 3600);
        command.Options.Add(once);
        command.Options.Add(every);
        command.SetAction(async (line, cancellation) =>
        {
            using SupervisorClient supervisor = system.Connect(line);
            using ConsoleApiClient? console = await system.FindConsoleAsync(line, cancellation);
            PartLoads loads = new(supervisor, console, TimeProvider.System);
            bool isLive = !line.GetValue(once) && !system.IsJson(line) && !System.Console.IsOutputRedirected;
            if (isLive) return await new TopScreen(loads, TimeProvider.System).FollowAsync(TimeSpan.FromSeconds(line.GetValue(every)), cancellation);

            await loads.ReadAsync(cancellation);
            await Task.Delay(Glance, TimeProvider.System, cancellation);
            IReadOnlyList<PartLoad> read = await loads.ReadAsync(cancellation);
            if (system.IsJson(line)) System.Console.WriteLine(JsonSerializer.Serialize(read, CommandJson.Default.IReadOnlyListPartLoad));
            else System.Console.Write(TopScreen.Table(read));
            if (loads.Blindness is { } blindness) System.Console.Error.WriteLine($"quintet: {blindness}");
            return ExitCode.Done;
        });
        return command;
    }
}
