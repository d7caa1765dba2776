using System.CommandLine;
using System.Text.Json;
using Quintet.Client.Supervisor;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet env</c>: the operator's endpoints and credentials, for the tools that each protocol already has.</summary>
internal static class EnvCommand
{
    public static Command Create()
    {
        Command command = new("env",
            """
            Print endpoints and the operator's credentials under the names that clients look for.

            Examples:
              eval "$(quintet env)"; curl -H "X-Consul-Token: $CONSUL_HTTP_TOKEN" $CONSUL_HTTP_ADDR/v1/catalog/services
              quintet env --output json
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            using SupervisorClient client = system.Connect(line);
            IReadOnlyDictionary<string, string> variables = await client.EnvironmentAsync(cancellation);
            if (system.IsJson(line)) System.Console.WriteLine(JsonSerializer.Serialize(variables, CommandJson.Default.IReadOnlyDictionaryStringString));
            else
                foreach ((string name, string value) in variables) System.Console.WriteLine($"export {name}={Quote(value)}");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>In single quotes nothing has a meaning to the shell but the quote itself.</summary>
    private static string Quote(string value) => $"'{value.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
