using System.Diagnostics;
using Quintet.TestKit.Files;

namespace Quintet.TestKit.Systems;

/// <summary>The <c>quintet</c> executable, run as a user would run it.</summary>
public static class QuintetCommand
{
    /// <summary>Runs it to its end, standard output and standard error apart.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        IEnumerable<string> arguments, CancellationToken cancellation, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(Repository.Command, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Repository.Root,
        };
        foreach ((string key, string? value) in environment ?? new Dictionary<string, string?>()) start.Environment[key] = value;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, await output, await errors);
    }
}
