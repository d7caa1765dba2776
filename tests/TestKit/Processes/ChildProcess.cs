using System.Diagnostics;
using System.Text;

namespace Quintet.TestKit.Processes;

/// <summary>A real process started by a test: its output is kept, and it is killed by its own id at the end.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    private readonly Lazy<Task> ended;

    private ChildProcess(Process process)
    {
        this.process = process;
        ended = new Lazy<Task>(EndAsync);
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Standard output and error so far, in the order they came.</summary>
    public string Output
    {
        get { lock (output) return output.ToString(); }
    }

    public static ChildProcess Start(
        string program, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? Directory.GetCurrentDirectory(),
        };
        foreach ((string key, string? value) in environment ?? new Dictionary<string, string?>()) start.Environment[key] = value;
        var child = new ChildProcess(new Process { StartInfo = start });
        child.process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        child.process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        child.process.Start();
        child.process.StandardInput.Close();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellation,
        string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        await using ChildProcess child = Start(program, arguments, folder, environment);
        await child.WaitAsync(cancellation);
        return (child.ExitCode, child.Output);
    }

    public Task WaitAsync(CancellationToken cancellation) => process.WaitForExitAsync(cancellation);

    public void Kill() => process.Kill();

    /// <summary>SIGTERM: asks it to stop, as a supervisor does.</summary>
    public Task TerminateAsync(CancellationToken cancellation) => RunAsync("/bin/kill", ["-TERM", $"{Id}"], cancellation);

    /// <summary>SIGSTOP to it and to all its children, the parent first, so that it starts no other meanwhile: nothing answers, nothing is refused.</summary>
    public void Pause()
    {
        foreach (int id in WithChildren(process.Id)) Signal.Stop(id);
    }

    /// <summary>SIGCONT to all of them.</summary>
    public void Resume()
    {
        foreach (int id in WithChildren(process.Id)) Signal.Continue(id);
    }

    /// <summary>Kills it with all its children, and waits for its end; may be called more than once, also from two sides.</summary>
    public ValueTask DisposeAsync() => new(ended.Value);

    private static IEnumerable<int> WithChildren(int id)
    {
        string children = $"/proc/{id}/task/{id}/children";
        IEnumerable<int> below = File.Exists(children)
            ? File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)
            : [];
        return [id, .. below.SelectMany(WithChildren)];
    }

    private async Task EndAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (output) output.AppendLine(line);
    }
}
