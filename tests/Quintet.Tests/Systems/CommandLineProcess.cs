using System.Globalization;
using Quintet.Supervision.Processes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;
using ChildProcess = Quintet.TestKit.Processes.ChildProcess;

namespace Quintet.Quintet.Tests.Systems;

/// <summary>
/// The executable itself, with a manifest of shell programs and engines that are not there: of the boxes only the gateway starts, and
/// nothing here depends on it; and the console where a test wants it.
/// </summary>
internal sealed class CommandLineProcess : IDisposable
{
    private readonly TempFolder _folder = new();

    public CommandLineProcess(string services = "", bool console = false)
    {
        File.WriteAllText(Manifest, $$"""
            system: shells
            console: {{(console ? "true" : "false")}}
            services:{{(services.Length == 0 ? " {}" : "\n" + services)}}
            engines:
              registry: http://127.0.0.1:1
              broker: amqp://127.0.0.1:1
              configuration: http://127.0.0.1:1
            """);
    }

    public string Manifest => _folder["quintet.yaml"];

    public string State => _folder["state"];

    public string this[string file] => _folder[file];

    public static string Executable => Path.Combine(AppContext.BaseDirectory, "quintet");

    public ChildProcess Start(params string[] arguments) => Start(new Dictionary<string, string?>(), arguments);

    public ChildProcess Start(IReadOnlyDictionary<string, string?> environment, params string[] arguments) =>
        ChildProcess.Start(Executable, [.. arguments, "--state", State, "--file", Manifest], _folder.Path, environment);

    public async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        await using ChildProcess process = Start(arguments);
        await process.WaitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, process.Output);
    }

    /// <summary>The process whose id a program wrote into a file.</summary>
    public async Task<ProcessIdentity> IdentityInAsync(string file)
    {
        string pid = await Eventually.GetAsync(
            file,
            () => Task.FromResult(File.Exists(this[file]) && File.ReadAllText(this[file]).EndsWith('\n') ? File.ReadAllText(this[file]) : null),
            TestContext.Current.CancellationToken);
        return ProcessTable.Identify(int.Parse(pid, CultureInfo.InvariantCulture))!.Value;
    }

    public void Dispose() => _folder.Dispose();
}
