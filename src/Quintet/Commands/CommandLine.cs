using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Quintet.Client.Broker;
using Quintet.Client.Consul;
using Quintet.Client.Supervisor;
using Quintet.Client.Telemetry;
using Quintet.Commands.Boxes;
using Quintet.Commands.DeadLetters;
using Quintet.Commands.Engines;
using Quintet.Commands.Watching;
using Quintet.Manifest;
using Quintet.Supervision;
using Quintet.Terminal;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Commands;

/// <summary>The command line as a whole: which commands there are, and how a failure becomes words and an exit code.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using Interruption interruption = new();
        RootCommand root = Create(interruption);
        // In the list of all commands each has one line; its examples stand in its own help.
        foreach (Command other in root.Subcommands.Where(c => c.Name != arguments.FirstOrDefault())) other.Description = other.Description?.Split('\n')[0];
        // A slash begins a path here.
        foreach (Option help in root.Options.Where(o => o.Name == "--help"))
            foreach (string alias in help.Aliases.Where(a => a.StartsWith('/')).ToList()) help.Aliases.Remove(alias);
        ParseResult line = root.Parse(arguments);
        if (line.Errors.Count > 0)
        {
            foreach (ParseError error in line.Errors) System.Console.Error.WriteLine($"quintet: {error.Message}");
            System.Console.Error.WriteLine($"'{PathOf(line.CommandResult)} --help' tells more");
            return ExitCode.Usage;
        }

        try
        {
            // The token of the first Ctrl-C; the library's own handling would end the process in the middle of a drain.
            InvocationConfiguration configuration = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await line.InvokeAsync(configuration, interruption.First);
        }
        catch (OperationCanceledException) when (interruption.First.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception fault)
        {
            return Explain(fault);
        }
    }

    public static RootCommand Create(Interruption interruption) => new(
        """
        Quintet: the microservices pattern, whole, in one download.

        Examples:
          quintet up                        start the system that quintet.yaml describes; Ctrl-C stops it
          quintet up --detach               the same in the background; 'quintet down' stops it
          quintet status                    what runs where, and how well
          quintet top                       who has how much to do
          quintet map                       who gives what to whom, as declared and as seen
          quintet scale users=3             three instances of a service
          quintet deploy users              build and roll one service, without a failed request
          quintet story ann@example.org     what came of a request, an event or a mail
          quintet traces --errors           what failed in the last hour, and where
          quintet deadletters list          what services have given up, and why
          quintet broker --port 5672        one box alone, for any AMQP client

        Exit codes: 0 done, 1 failed, 2 wrong usage or manifest, 3 not found, 4 conflict, 5 no system runs, 6 refused, 7 timed out, 130 interrupted.
        """)
    {
        UpCommand.Create(interruption),
        DownCommand.Create(),
        StatusCommand.Create(),
        TopCommand.Create(),
        LogsCommand.Create(),
        MapCommand.Create(),
        StoryCommand.Create(),
        TracesCommand.Create(),
        DoctorCommand.Create(),
        RestartCommand.Create(),
        ScaleCommand.Create(),
        DeployCommand.Create(),
        EnvCommand.Create(),
        EnginesCommand.Create(),
        DeadLetterCommands.Create(),
        RegistryCommand.Create(interruption),
        BrokerCommand.Create(interruption),
        ConfigCommand.Create(interruption),
        GatewayCommand.Create(interruption),
        ConsoleCommand.Create(interruption),
        CompletionCommand.Create(),
    };

    private static string PathOf(CommandResult result) =>
        result.Command is RootCommand ? "quintet" : $"{PathOf((CommandResult)result.Parent!)} {result.Command.Name}";

    private static int Explain(Exception fault)
    {
        switch (fault)
        {
            case CommandException known:
                System.Console.Error.WriteLine($"quintet: {known.Message}");
                return known.ExitCode;
            case ManifestException manifest:
                foreach (string line in manifest.Faults) System.Console.Error.WriteLine(line);
                return ExitCode.Usage;
            case ConflictException:
                System.Console.Error.WriteLine($"quintet: {fault.Message}");
                return ExitCode.Conflict;
            case SupervisorException refused:
                System.Console.Error.WriteLine($"quintet: {refused.Message}");
                foreach (string line in refused.Log) System.Console.Error.WriteLine($"  {line}");
                return CodeOf(refused.Status);
            case BrokerApiException refused:
                System.Console.Error.WriteLine($"quintet: {refused.Message}");
                return CodeOf(refused.Status);
            case ConsoleApiException refused:
                System.Console.Error.WriteLine($"quintet: {refused.Message}");
                return CodeOf(refused.Status);
            case ConsulException refused:
                System.Console.Error.WriteLine($"quintet: {refused.Message}");
                return CodeOf(refused.Status);
            case BrokerUnreachableException away:
                System.Console.Error.WriteLine($"quintet: {Innermost(away).Message}");
                return away.InnerException is AuthenticationFailureException or PossibleAuthenticationFailureException
                    ? ExitCode.Refused
                    : ExitCode.Unreachable;
            case OperationInterruptedException interrupted:
                System.Console.Error.WriteLine($"quintet: {interrupted.ShutdownReason?.ReplyText ?? interrupted.Message}");
                return CodeOf((HttpStatusCode?)interrupted.ShutdownReason?.ReplyCode);
            case FileNotFoundException or DirectoryNotFoundException:
                System.Console.Error.WriteLine($"quintet: {fault.Message}");
                return ExitCode.NotFound;
            case IOException or UnauthorizedAccessException:
                System.Console.Error.WriteLine($"quintet: {fault.Message}");
                return ExitCode.Failed;
            default:
                System.Console.Error.WriteLine($"quintet: this is a fault of the program\n{fault}");
                return ExitCode.Failed;
        }
    }

    // The client wraps what happened in "one or more errors occurred".
    private static Exception Innermost(BrokerUnreachableException away) => away.InnerException switch
    {
        AggregateException many => many.Flatten().InnerExceptions[0],
        { } inner => inner,
        null => away,
    };

    private static int CodeOf(HttpStatusCode? status) => status switch
    {
        null => ExitCode.Unreachable,
        HttpStatusCode.BadRequest => ExitCode.Usage,
        HttpStatusCode.NotFound => ExitCode.NotFound,
        HttpStatusCode.Conflict => ExitCode.Conflict,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCode.Refused,
        HttpStatusCode.GatewayTimeout => ExitCode.TimedOut,
        _ => ExitCode.Failed,
    };
}
