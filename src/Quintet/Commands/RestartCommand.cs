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
            Restart a box, a service or one instance.
            A service is replaced without a gap: new instances ready in the registry first, then the old ones drained and stopped.
            A box, and an instance named by its id, is stopped and started again in its place.

            Examples:
              quintet restart broker
              quintet restart users         all instances, rolled
              quintet restart users-2       this process only
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Argument<string> part = new("part") { Description = "The box, service or instance." };
        system.CompleteWithParts(part, withBoxes: true);
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
