using System.CommandLine;
using Quintet.Client.Supervisor;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet restart broker</c>.</summary>
internal static class RestartCommand
{
    public static Command Create()
    {
        Command command = new("restart",
            """
            Restart a box, a service (one instance after the other), or one instance.

            Examples:
              quintet restart broker
              quintet restart users
              quintet restart users-2
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Argument<string> part = new("part") { Description = "The box, service or instance." };
        command.Arguments.Add(part);
        command.SetAction(async (line, cancellation) =>
        {
            using SupervisorClient client = system.Connect(line);
            ScaleCommand.Print(await client.RestartAsync(line.GetRequiredValue(part), cancellation), system.IsJson(line));
            return ExitCode.Done;
        });
        return command;
    }
}
