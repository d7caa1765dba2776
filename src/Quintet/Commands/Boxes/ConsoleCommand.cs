using System.CommandLine;
using Quintet.Console;
using Quintet.Console.Access;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Commands.Boxes;

/// <summary><c>quintet console</c>, and <c>quintet console link</c>, which makes a login link for the running system's.</summary>
internal static class ConsoleCommand
{
    public static Command Create(Interruption interruption)
    {
        Command command = BoxCommand.Named("console", "Console", "Port of the pages, 8090.",
            """
            Run the console alone: the whole system in a browser. 'quintet up' starts it by itself.

            Examples:
              quintet console link
              quintet console sessions
              quintet console --settings console.json
            """)
            .Runs(ConsoleBox.Build, interruption);
        command.Subcommands.Add(Link());
        command.Subcommands.Add(SessionCommands.Create());
        return command;
    }

    /// <summary>A link for whoever started a system; null when it has no console.</summary>
    /// <param name="environment">The operator's.</param>
    /// <param name="state">Where its key is.</param>
    public static Uri? LinkFor(IReadOnlyDictionary<string, string> environment, StateFolder state) =>
        environment.TryGetValue("CONSOLE_URL", out string? console) ? LinkTo(console, state, ConsoleRole.Operator, Environment.UserName) : null;

    private static Uri LinkTo(string console, StateFolder state, ConsoleRole role, string name) =>
        LoginLink.Create(new Uri(console), Secrets.Open(state.Secrets).Of(Secrets.ConsoleLinks), role, name, TimeProvider.System.GetUtcNow());

    private static Command Link()
    {
        Command command = new("link",
            """
            Print a link that logs one browser in to the console of the running system, once, within an hour.

            Examples:
              quintet console link
              quintet console link --role viewer --name ann
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Option<string> role = new("--role")
        {
            Description = "viewer to look, operator to change something, too.", DefaultValueFactory = _ => "operator",
        };
        role.AcceptOnlyFromAmong("viewer", "operator");
        Option<string> name = new("--name")
        {
            Description = "Who logs in, for the audit log. Default: the user of this machine.", HelpName = "name",
            DefaultValueFactory = _ => Environment.UserName,
        };
        command.Options.Add(role);
        command.Options.Add(name);
        command.SetAction(line =>
        {
            StateFolder state = system.State(line);
            if (RunFile.Read(state) is not { IsAlive: true } run)
                throw new CommandException(ExitCode.Unreachable, $"no system runs in '{state.Path}'; 'quintet up' starts one");
            if (!run.Endpoints.TryGetValue("console", out string? console))
                throw new CommandException(ExitCode.NotFound, "this system was started without its console");
            ConsoleRole chosen = Enum.Parse<ConsoleRole>(line.GetRequiredValue(role), ignoreCase: true);
            System.Console.WriteLine(LinkTo(console, state, chosen, line.GetValue(name)!).AbsoluteUri);
            return ExitCode.Done;
        });
        return command;
    }
}
