using System.CommandLine;
using System.Net;
using Quintet.Client.Telemetry;
using Quintet.Terminal;

namespace Quintet.Commands.Boxes;

/// <summary><c>quintet console sessions</c> lists who is logged in to the console; <c>end</c> below it ends one.</summary>
internal static class SessionCommands
{
    public static Command Create()
    {
        Command command = new("sessions",
            """
            List who is logged in to the console: in which role, from where, since when, and when last seen.

            Examples:
              quintet console sessions
              quintet console sessions end 3f9c0a52d7e1
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            using ConsoleApiClient console = await system.ConsoleAsync(line, cancellation);
            Rows rows = new("id", "who", "role", "from", "began", "seen", "until");
            foreach (SessionInfo session in await console.SessionsAsync(cancellation))
                rows.Add(session.Id, session.Who, session.Role.ToLowerInvariant(), session.From, At(session.Began), At(session.Seen), At(session.Until));
            rows.Print(system.IsJson(line));
            if (rows.IsEmpty) await System.Console.Error.WriteLineAsync("nobody is logged in; 'quintet console link' makes a link");
            return ExitCode.Done;
        });
        command.Subcommands.Add(End());
        return command;
    }

    private static Command End()
    {
        Command command = new("end",
            """
            End a session of the console: its open pages close within seconds, and its cookie is worth nothing any more.

            Example:
              quintet console sessions end 3f9c0a52d7e1
            """);
        Argument<string> id = new("id") { Description = "The session, as 'quintet console sessions' shows it." };
        command.Arguments.Add(id);
        SystemOptions system = SystemOptions.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            using ConsoleApiClient console = await system.ConsoleAsync(line, cancellation);
            try
            {
                await console.EndSessionAsync(line.GetRequiredValue(id), cancellation);
            }
            catch (ConsoleApiException fault) when (fault.Status == HttpStatusCode.NotFound)
            {
                throw new CommandException(ExitCode.NotFound, $"no session '{line.GetRequiredValue(id)}' is open; 'quintet console sessions' lists them");
            }

            await System.Console.Error.WriteLineAsync($"session '{line.GetRequiredValue(id)}' is ended");
            return ExitCode.Done;
        });
        return command;
    }

    private static string At(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
