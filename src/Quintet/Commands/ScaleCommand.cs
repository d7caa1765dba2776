using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Quintet.Client.Supervisor;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet scale users=3</c>.</summary>
internal static class ScaleCommand
{
    public static Command Create()
    {
        Command command = new("scale",
            """
            Run so many instances of a service, until the next start; 'replicas' in the manifest is for good.

            Examples:
              quintet scale users=3
              quintet scale users=1 notifications=2
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Argument<string[]> wishes = new("service=N") { Description = "The service and how many instances.", Arity = ArgumentArity.OneOrMore };
        command.Arguments.Add(wishes);
        command.SetAction(async (line, cancellation) =>
        {
            (string Service, int Replicas)[] wanted = [.. line.GetRequiredValue(wishes).Select(Parse)];
            using SupervisorClient client = system.Connect(line);
            foreach ((string service, int replicas) in wanted) Print(await client.ScaleAsync(service, replicas, cancellation), system.IsJson(line));
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The answer to a change, for people or for scripts.</summary>
    public static void Print(SystemChange change, bool isJson) =>
        System.Console.WriteLine(isJson ? JsonSerializer.Serialize(new ChangeJson(change.Message), CommandJson.Default.ChangeJson) : change.Message);

    private static (string Service, int Replicas) Parse(string wish)
    {
        string[] halves = wish.Split('=');
        return halves.Length == 2 && int.TryParse(halves[1], NumberStyles.None, CultureInfo.InvariantCulture, out int replicas)
            ? (halves[0], replicas)
            : throw new CommandException(ExitCode.Usage, $"'{wish}' is not of the form users=3");
    }
}
