using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Quintet.Client.Supervisor;
using Quintet.Terminal;

namespace Quintet.Commands.Watching;

/// <summary><c>quintet status</c>: every process with its state, its memory and how often it was restarted.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Command command = new("status",
            """
            Show what runs where, and how well.

            Examples:
              quintet status
              quintet status --output json | jq -r '.processes[] | select(.state != "ready") | .instance'
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            using SupervisorClient client = system.Connect(line);
            SystemStatus status = await client.StatusAsync(cancellation);
            if (system.IsJson(line)) PrintJson(status);
            else Print(status);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The form that scripts rely on: these members and no others.</summary>
    public static void PrintJson(SystemStatus status)
    {
        StatusJson json = new(status.Ready,
            [.. status.Processes.Select(p => new ProcessJson(p.Part, p.Instance, p.Pid, p.State, p.Endpoint, p.Restarts, p.MemoryMb))]);
        System.Console.WriteLine(JsonSerializer.Serialize(json, CommandJson.Default.StatusJson));
    }

    private static void Print(SystemStatus status)
    {
        TextTable table = new("PART", "INSTANCE", "STATE", "PID", "ENDPOINT", "RESTARTS", "MEMORY MB", "REASON");
        foreach (SystemProcess p in status.Processes)
        {
            string pid = p.Pid == 0 ? "-" : p.Pid.ToString(CultureInfo.InvariantCulture);
            string memory = p.MemoryMb.ToString("0.0", CultureInfo.InvariantCulture);
            table.Add(p.Part, p.Instance, p.State, pid, p.Endpoint ?? "-", p.Restarts.ToString(CultureInfo.InvariantCulture), memory, p.Reason);
        }

        System.Console.Write(table);
        double sum = status.Processes.Sum(p => p.MemoryMb);
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{status.System}: {(status.Ready ? "ready" : "not ready")}, {sum:0} MB"));
        if (status.Failure is not null) System.Console.WriteLine(status.Failure);
    }
}
