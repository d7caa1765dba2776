using System.CommandLine;
using Quintet.Client.Supervisor;
using Quintet.Commands.Boxes;
using Quintet.Commands.Watching;
using Quintet.Manifest;
using Quintet.Supervision;
using Quintet.Supervision.Control;
using Quintet.Supervision.Logs;
using Quintet.Supervision.Plan;
using Quintet.Supervision.Processes;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet up</c>: in the foreground it is the supervisor itself, with <c>--detach</c> it starts one and waits for it.</summary>
internal static class UpCommand
{
    private const int DefaultTimeoutSeconds = 300;

    public static Command Create(Interruption interruption)
    {
        Command command = new("up",
            """
            Start the system: build what changed, start every part as its own process, keep them running.

            Examples:
              quintet up                          in the foreground; Ctrl-C drains and stops, a second one stops at once
              quintet up --detach                 return when everything is ready
              quintet up --isolated --state /tmp/two
                                                  beside another one, on free ports
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Option<bool> detach = new("--detach", "-d") { Description = "Run in the background; return 0 when everything is ready." };
        Option<bool> isolated = new("--isolated") { Description = "Take free ports instead of the configured ones, so that several systems run side by side." };
        Option<bool> noConsole = new("--no-console") { Description = "Leave the console out, and with it the telemetry that it would receive." };
        Option<int> timeout =
            new("--timeout") { Description = "Seconds that a detached start may take, builds included.", HelpName = "seconds",
                DefaultValueFactory = _ => DefaultTimeoutSeconds };
        Option<int> logMegabytes =
            new("--log-size") { Description = "MiB of output after which a log file is put aside.", HelpName = "MiB", DefaultValueFactory = _ => 8 };
        Option<int> logFiles = new("--log-files") { Description = "Log files kept for each instance.", HelpName = "count", DefaultValueFactory = _ => 3 };
        Option<bool> supervise = new("--supervise") { Hidden = true };
        SystemOptions.Limit(timeout, 86_400);
        SystemOptions.Limit(logMegabytes, 100_000);
        SystemOptions.Limit(logFiles, 99);
        foreach (Option option in (Option[])[detach, isolated, noConsole, timeout, logMegabytes, logFiles, supervise]) command.Options.Add(option);

        command.SetAction((line, cancellation) =>
        {
            StateFolder state = system.State(line);
            if (!line.GetValue(supervise)) WarnOfSharedAccounts(ManifestReader.Read(system.ManifestFile(line)), state);
            if (line.GetValue(detach))
                return DetachedStart.RunAsync(new DetachedStart.Wish(
                    state, system.ManifestFile(line), TimeSpan.FromSeconds(line.GetValue(timeout)), system.IsJson(line))
                { Arguments = PassedOn(line, [isolated, noConsole], logMegabytes, logFiles) }, cancellation);
            SupervisionOptions options = new() { Logs = new LogLimits((long)line.GetValue(logMegabytes) << 20, line.GetValue(logFiles)) };
            if (line.GetValue(supervise)) _ = Native.StartSession();
            return SuperviseAsync(new Wish(state, system.ManifestFile(line), options)
            {
                IsIsolated = line.GetValue(isolated),
                HasNoConsole = line.GetValue(noConsole),
                IsDetached = line.GetValue(supervise),
                IsJson = system.IsJson(line),
            }, interruption);
        });
        return command;
    }

    private static void WarnOfSharedAccounts(SystemManifest manifest, StateFolder state)
    {
        foreach (string warning in new EngineAccounts(state).Warnings(manifest.Engines)) System.Console.Error.WriteLine($"warning: {warning}");
    }

    private static async Task<int> SuperviseAsync(Wish wish, Interruption interruption)
    {
        SystemManifest manifest = ManifestReader.Read(wish.Manifest);
        if (wish.HasNoConsole) manifest = manifest with { HasConsole = false };
        await using Supervisor supervisor = await Supervisor.OpenAsync(manifest, wish.State, wish.Options, wish.IsIsolated);
        await using ControlServer control = await ControlServer.StartAsync(supervisor);
        supervisor.Start(control.Address);
        WriteRunFile(supervisor, control, manifest);
        interruption.Second = supervisor.Kill;
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(interruption.First);
        Task wanted = supervisor.StopWanted.ContinueWith(_ => ending.Cancel(), TaskScheduler.Default);

        int exitCode = ExitCode.Done;
        if (wish.IsDetached) DetachedStart.LeaveTerminal(wish.State);
        else exitCode = await ShowStartAsync(supervisor, control, manifest, wish.IsJson, ending.Token);

        if (exitCode == ExitCode.Done) await UntilAsync(ending.Token);
        if (!wish.IsDetached) await System.Console.Error.WriteLineAsync("stopping; Ctrl-C again stops at once");
        await supervisor.StopAsync();
        supervisor.WantStop();
        await wanted;
        return exitCode;
    }

    private static async Task<int> ShowStartAsync(Supervisor supervisor, ControlServer control, SystemManifest manifest, bool isJson,
        CancellationToken ending)
    {
        using SupervisorClient client = new(control.Address, supervisor.ControlToken);
        try
        {
            StartOutcome outcome = await new ProgressScreen(client, TimeProvider.System).FollowAsync(TimeSpan.MaxValue, ending);
            if (outcome.Problem is null)
            {
                IReadOnlyDictionary<string, string> environment = supervisor.OperatorEnvironment();
                Uri? look = ConsoleCommand.LinkFor(environment, supervisor.Run.State);
                if (isJson) StatusCommand.PrintJson(outcome.Status!);
                else ReadyScreen.Print(outcome.Status!, manifest, environment, look, detached: false);
                return ExitCode.Done;
            }

            DetachedStart.Explain(outcome, supervisor.Run.State);
            return outcome.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    private static void WriteRunFile(Supervisor supervisor, ControlServer control, SystemManifest manifest)
    {
        ProcessIdentity self = ProcessTable.Identify(Environment.ProcessId) ?? new ProcessIdentity(Environment.ProcessId, 0);
        Dictionary<string, string> endpoints = new()
        {
            ["gateway"] = Endpoints.Text(supervisor.Endpoints.Gateway),
            ["registry"] = Endpoints.Text(supervisor.Endpoints.Registry),
            ["broker"] = Endpoints.Text(supervisor.Endpoints.Broker),
            ["configuration"] = Endpoints.Text(supervisor.Endpoints.Configuration),
        };
        if (supervisor.Endpoints.Console is { } console) endpoints["console"] = Endpoints.Text(console);
        new RunFile(supervisor.Run.Id, self.Pid, self.StartTicks, ProcessTable.BootId, manifest.File)
        {
            Control = control.Address.AbsoluteUri,
            Endpoints = endpoints,
        }.Write(supervisor.Run.State);
    }

    private static async Task UntilAsync(CancellationToken ending)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = ending.Register(() => ended.TrySetResult());
        await ended.Task;
    }

    private static string[] PassedOn(ParseResult line, Option<bool>[] flags, Option<int> logMegabytes, Option<int> logFiles)
    {
        List<string> words = ["--log-size", $"{line.GetValue(logMegabytes)}", "--log-files", $"{line.GetValue(logFiles)}"];
        words.AddRange(flags.Where(line.GetValue).Select(flag => flag.Name));
        return [.. words];
    }

    private sealed record Wish(StateFolder State, string Manifest, SupervisionOptions Options)
    {
        public bool IsIsolated { get; init; }

        public bool HasNoConsole { get; init; }

        public bool IsDetached { get; init; }

        public bool IsJson { get; init; }
    }
}
