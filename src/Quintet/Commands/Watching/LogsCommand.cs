using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Quintet.Supervision.Logs;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Commands.Watching;

/// <summary><c>quintet logs</c>: what the parts wrote, merged by time. It reads the files, so it works for a system that is down too.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        Command command = new("logs",
            """
            Show what the parts wrote, merged by time.

            Examples:
              quintet logs                  the last lines of all parts
              quintet logs -f users         follow one service
              quintet logs -n 500 broker    more of one box
            """);
        SystemOptions system = SystemOptions.AddTo(command, shortFile: false);
        Argument<string?> part =
            new("part") { Description = "A box, a service, an instance or 'supervisor'; all when not given.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> follow = new("--follow", "-f") { Description = "Go on with what is written from now on." };
        Option<int> lines = new("--lines", "-n") { Description = "How many lines of each log.", HelpName = "count", DefaultValueFactory = _ => 50 };
        system.CompleteWithParts(part, withBoxes: true);
        command.Arguments.Add(part);
        command.Options.Add(follow);
        SystemOptions.Limit(lines, 100_000);
        command.Options.Add(lines);
        command.SetAction(async (line, cancellation) =>
        {
            StateFolder state = system.State(line);
            LogTail tail = new(state.Logs, line.GetValue(part));
            IReadOnlyList<LogLine> last = tail.Last(line.GetValue(lines));
            if (last.Count == 0 && tail.IsUnknown && !line.GetValue(follow))
                throw new CommandException(ExitCode.NotFound, line.GetValue(part) is { } name ? $"there is no log of '{name}' in '{state.Logs}'"
                    : $"there are no logs in '{state.Logs}'");
            Print(last, system.IsJson(line));
            if (!line.GetValue(follow)) return ExitCode.Done;
            await foreach (IReadOnlyList<LogLine> next in tail.FollowAsync(TimeProvider.System, cancellation)) Print(next, system.IsJson(line));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(IReadOnlyList<LogLine> lines, bool isJson)
    {
        int width = lines.Count == 0 ? 0 : lines.Max(l => l.Instance.Length);
        foreach (LogLine line in lines)
        {
            string time = line.Time.UtcDateTime.ToString(LogFile.TimeFormat, CultureInfo.InvariantCulture);
            System.Console.WriteLine(isJson ? JsonSerializer.Serialize(new LogJson(time, line.Instance, line.Text), CommandJson.Default.LogJson)
                : line.Render(width));
        }
    }
}
