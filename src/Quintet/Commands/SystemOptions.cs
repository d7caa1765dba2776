using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.RegularExpressions;
using Quintet.Client.Supervisor;
using Quintet.Client.Telemetry;
using Quintet.Manifest;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary>The options of every command that works on a system: which manifest, which state, which form of output.</summary>
internal sealed partial class SystemOptions
{
    /// <summary>The parts that every system has.</summary>
    public static readonly IReadOnlyList<string> Boxes = ["gateway", "registry", "broker", "config", "console"];

    private const string ManifestName = "quintet.yaml";

    private readonly Option<string?> _file =
        new("--file") { Description = "The manifest. Default: quintet.yaml here or in a folder above.", HelpName = "manifest" };
    private readonly Option<string?> _state =
        new("--state") { Description = "The folder that holds the system's state. Default: .quintet beside the manifest.", HelpName = "folder" };
    private readonly Option<string> _output =
        new("--output", "-o") { Description = "table for people, json for scripts.", DefaultValueFactory = _ => "table" };

    private readonly Option<bool> _json = new("--json") { Description = "The same as --output json." };

    private SystemOptions() => _output.AcceptOnlyFromAmong("table", "json");

    /// <param name="command">The command.</param>
    /// <param name="shortFile">Whether <c>-f</c> means the manifest; for logs it means "follow", as everywhere.</param>
    public static SystemOptions AddTo(Command command, bool shortFile = true)
    {
        SystemOptions options = new();
        if (shortFile) options._file.Aliases.Add("-f");
        command.Options.Add(options._file);
        command.Options.Add(options._state);
        command.Options.Add(options._output);
        command.Options.Add(options._json);
        return options;
    }

    /// <summary>Lets an option be a number from 1 to <paramref name="most"/>.</summary>
    public static void Limit(Option<int> option, int most) => option.Validators.Add(result =>
    {
        // What is no number at all is reported by the library.
        if (result.Tokens is [{ Value: { } text }] && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            && (number < 1 || number > most))
            result.AddError($"{option.Name}: {number} is not from 1 to {most}");
    });

    /// <summary>Refuses what is no duration before anything is asked.</summary>
    public static void Duration(Option<string?> option) => option.Validators.Add(result =>
    {
        if (result.Tokens is [{ Value: { } text }] && !DurationForm.IsMatch(text))
            result.AddError($"{option.Name}: '{text}' is not a number with ms, s, m, h or d, such as 200ms, 1.5s or 1h");
    });

    /// <summary>Lets the shell complete an argument with the manifest's services, and with the boxes when they are meant, too.</summary>
    public void CompleteWithParts(Argument argument, bool withBoxes) => argument.CompletionSources.Add(context => PartsFor(context, withBoxes));

    /// <summary>The same for an option, with the boxes.</summary>
    public void CompleteWithParts(Option option) => option.CompletionSources.Add(context => PartsFor(context, withBoxes: true));

    public bool IsJson(ParseResult line) => line.GetValue(_json) || line.GetValue(_output) == "json";

    /// <summary>The manifest that was named, or the nearest one from here upwards, or the one beside the script that started this.</summary>
    public string ManifestFile(ParseResult line) => FindManifest(line)
        ?? throw new CommandException(ExitCode.NotFound,
            $"there is no {ManifestName} here or in a folder above; name a manifest with --file, or a state with --state");

    /// <summary>The same, or null when there is none.</summary>
    public string? FindManifest(ParseResult line)
    {
        if (line.GetValue(_file) is { } named) return Path.GetFullPath(named);
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, ManifestName))) return Path.Combine(folder.FullName, ManifestName);
        string? home = Environment.GetEnvironmentVariable("QUINTET_HOME");
        return home is not null && File.Exists(Path.Combine(home, ManifestName)) ? Path.Combine(home, ManifestName) : null;
    }

    public StateFolder State(ParseResult line) =>
        new(line.GetValue(_state) ?? Path.Combine(Path.GetDirectoryName(ManifestFile(line))!, ".quintet"));

    /// <summary>The console of the running system, as the operator, or an error that says how to start one.</summary>
    public async Task<ConsoleApiClient> ConsoleAsync(ParseResult line, CancellationToken cancellation) =>
        await FindConsoleAsync(line, cancellation) ?? throw new CommandException(
            ExitCode.NotFound, "this system was started without its console; 'quintet down', then 'quintet up' without --no-console starts it");

    /// <summary>The system that runs in the state, or an error that says how to start one.</summary>
    public SupervisorClient Connect(ParseResult line)
    {
        StateFolder state = State(line);
        if (RunFile.Read(state) is not { IsAlive: true } run)
            throw new CommandException(ExitCode.Unreachable, $"no system runs in '{state.Path}'; 'quintet up' starts one");
        return Connect(state, run);
    }

    /// <summary>The same; null when the system was started without one.</summary>
    public async Task<ConsoleApiClient?> FindConsoleAsync(ParseResult line, CancellationToken cancellation)
    {
        using SupervisorClient supervisor = Connect(line);
        IReadOnlyDictionary<string, string> variables = await supervisor.EnvironmentAsync(cancellation);
        return variables.TryGetValue("CONSOLE_URL", out string? console) ? new ConsoleApiClient(new Uri(console), variables["CONSOLE_TOKEN"]) : null;
    }

    public static SupervisorClient Connect(StateFolder state, RunFile run) =>
        new(new Uri(run.Control), Secrets.Open(state.Secrets).Of(Secrets.Control));

    [GeneratedRegex(@"^\d+(\.\d+)?(ms|s|m|h|d)$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationForm { get; }

    private List<CompletionItem> PartsFor(CompletionContext context, bool withBoxes)
    {
        try
        {
            IEnumerable<string> services = ManifestReader.Read(ManifestFile(context.ParseResult)).Services.Select(s => s.Name);
            return [.. (withBoxes ? Boxes : []).Concat(services).Select(name => new CompletionItem(name))];
        }
        catch (Exception fault) when (fault is CommandException or ManifestException or IOException or UnauthorizedAccessException)
        {
            return []; // the command itself will say what is wrong
        }
    }
}
