using System.CommandLine;
using System.Text.Json;
using Quintet.Client.Broker;
using Quintet.Terminal;

namespace Quintet.Commands.Brokers;

/// <summary><c>quintet broker policies | export | import</c>.</summary>
internal static class DefinitionCommands
{
    public static Command Policies()
    {
        Command command = AccessCommands.Listed("policies", "List the policies.", async (client, cancellation) =>
        {
            Rows rows = new("vhost", "policy", "pattern", "applyTo", "priority", "definition");
            foreach (PolicyInfo p in await client.PoliciesAsync(null, cancellation))
                rows.Add(p.Vhost, p.Name, p.Pattern, p.ApplyTo, p.Priority, p.Definition.GetRawText());
            return rows;
        });
        Argument<string> name = new("policy") { Description = "Its name." }, removed = new("policy") { Description = "Its name." };
        Argument<string> pattern = new("pattern") { Description = "A regular expression over names." };
        Argument<string> definition = new("definition") { Description = "JSON: {\"delivery-limit\":10}." };
        Option<string> applyTo = new("--apply-to") { Description = "What it is for.", DefaultValueFactory = _ => "all" };
        applyTo.AcceptOnlyFromAmong("all", "queues", "exchanges", "classic_queues", "quorum_queues", "streams");
        Option<int> priority = new("--priority") { Description = "The highest wins.", HelpName = "number", DefaultValueFactory = _ => 0 };
        Option<string> vhost = AccessCommands.Vhost(), other = AccessCommands.Vhost();
        Command set = AccessCommands.Change("set", "Set a policy.", [name, pattern, definition], (client, line, cancellation) =>
            client.PutPolicyAsync(new PolicyInfo(line.GetRequiredValue(vhost), line.GetRequiredValue(name), line.GetRequiredValue(pattern),
                line.GetRequiredValue(applyTo), Parse(line.GetRequiredValue(definition)), line.GetValue(priority)), cancellation));
        set.Options.Add(applyTo);
        set.Options.Add(priority);
        set.Options.Add(vhost);
        Command remove = AccessCommands.Change("remove", "Remove a policy.", [removed], (client, line, cancellation) =>
            client.DeletePolicyAsync(line.GetRequiredValue(other), line.GetRequiredValue(removed), cancellation));
        remove.Options.Add(other);
        command.Subcommands.Add(set);
        command.Subcommands.Add(remove);
        return command;
    }

    public static Command Export()
    {
        Command command = new("export",
            """
            Write everything that is declared as RabbitMQ's JSON: users (passwords hashed), virtual hosts, permissions, policies, exchanges, queues,
            bindings. No messages; 'shovel' moves those.

            Examples:
              quintet broker export definitions.json
              quintet broker export | jq .queues
            """);
        Argument<string?> file = new("file") { Description = "Where to. Default: standard output.", Arity = ArgumentArity.ZeroOrOne };
        command.Arguments.Add(file);
        BrokerTarget target = BrokerTarget.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            byte[] definitions = await client.ExportAsync(cancellation);
            if (line.GetValue(file) is not { } path)
            {
                await using Stream output = System.Console.OpenStandardOutput();
                await output.WriteAsync(definitions, cancellation);
                return ExitCode.Done;
            }

            // Hashed passwords are for the owner's eyes.
            FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using FileStream written = new(path, options);
            await written.WriteAsync(definitions, cancellation);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Import()
    {
        Command command = new("import",
            """
            Declare what an export holds. What is there already stays.

            Example:
              quintet broker import definitions.json
            """);
        Argument<string> file = new("file") { Description = "An export of this broker or of RabbitMQ." };
        command.Arguments.Add(file);
        BrokerTarget target = BrokerTarget.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            byte[] definitions = await File.ReadAllBytesAsync(line.GetRequiredValue(file), cancellation);
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            await client.ImportAsync(definitions, cancellation);
            return ExitCode.Done;
        });
        return command;
    }

    private static JsonElement Parse(string definition)
    {
        try
        {
            using JsonDocument parsed = JsonDocument.Parse(definition);
            if (parsed.RootElement.ValueKind == JsonValueKind.Object) return parsed.RootElement.Clone();
        }
        catch (JsonException)
        {
            // said below
        }

        throw new CommandException(ExitCode.Usage, "definition: this is no JSON object, such as {\"max-length\":1000}");
    }
}
