using System.CommandLine;
using Quintet.Client.Supervisor;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet deploy users</c>.</summary>
internal static class DeployCommand
{
    public static Command Create()
    {
        Command command = new("deploy",
            """
            Build one service and roll it: new instances ready in the registry, then the old ones drained and stopped.
            Its entry in the manifest is read again: routes, replicas, environment, events and calls apply, and a new service is started.
            When a new instance does not become ready, it is stopped again and the old ones stay.

            Examples:
              quintet deploy users
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Argument<string> service = new("service") { Description = "The service." };
        system.CompleteWithParts(service, withBoxes: false);
        command.Arguments.Add(service);
        command.SetAction(async (line, cancellation) =>
        {
            using SupervisorClient client = system.Connect(line);
            ScaleCommand.Print(await client.DeployAsync(line.GetRequiredValue(service), cancellation), system.IsJson(line));
            return ExitCode.Done;
        });
        return command;
    }
}
