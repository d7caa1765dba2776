using System.Diagnostics;
using System.Globalization;
using Quintet.Supervision.Processes;

namespace Quintet.Supervision.Builds;

/// <summary>A build failed; <see cref="Errors"/> is what the compiler said.</summary>
internal sealed class BuildException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<string> Errors => errors;
}

/// <summary>Runs <c>dotnet publish</c> and leaves no build server behind.</summary>
internal static class DotnetPublish
{
    private const int ErrorLinesMax = 40;

    public static async Task RunAsync(string project, string folder, CancellationToken cancellation)
    {
        // Two publishes of one checkout at the same time would write the same intermediate files: systems side by side wait for each other.
        await using FileStream turn = await TakeTurnAsync(project, cancellation);
        ProcessStartInfo info = new(OwnExecutable.Dotnet,
        [
            "publish", project, "--configuration", "Release", "--output", folder, "--nologo", "--verbosity", "quiet",
            // The analyzers speak when a developer builds; whoever starts a system waits for them in vain.
            "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false", "-p:GenerateDocumentationFile=false",
        ])
        {
            WorkingDirectory = Path.GetDirectoryName(project)!,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        info.Environment["DOTNET_NOLOGO"] = "1";
        // Not as -nodeReuse:false: with a switch it does not know, the command takes a one-file program for an MSBuild project.
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        info.Environment["MSBUILDTERMINALLOGGER"] = "off";
        using Process process = Process.Start(info) ?? throw new BuildException(["dotnet could not be started"]);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        if (process.ExitCode != 0) throw new BuildException(ErrorsIn(await output + "\n" + await errors));
    }

    private static async Task<FileStream> TakeTurnAsync(string project, CancellationToken cancellation)
    {
        string root = Path.GetDirectoryName(project)!;
        for (string? above = root; above is not null; above = Path.GetDirectoryName(above))
            if (File.Exists(Path.Combine(above, "Directory.Build.props"))) root = above;
        string name = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(root)))[..16];
        string file = Path.Combine(Path.GetTempPath(), $"quintet-build-{Environment.UserName}-{name}.lock");
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellation);
            }
        }
    }

    /// <summary>The lines with errors, each once; the whole end of the output when none looks like one.</summary>
    internal static IReadOnlyList<string> ErrorsIn(string output)
    {
        string[] lines = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        string[] errors = [.. lines.Where(IsError).Select(WithoutProject).Distinct()];
        if (errors.Length == 0) return [.. lines.TakeLast(ErrorLinesMax)];
        return errors.Length <= ErrorLinesMax
            ? errors
            : [.. errors.Take(ErrorLinesMax), string.Create(CultureInfo.InvariantCulture, $"and {errors.Length - ErrorLinesMax} more")];
    }

    /// <summary><c>a.cs(1,2): error CS1002: …</c>, <c>a.cs(1): error: …</c>, <c>error: …</c>; a warning may speak of errors, too.</summary>
    private static bool IsError(string line) =>
        line.Contains(": error ", StringComparison.Ordinal) || line.Contains(": error:", StringComparison.Ordinal)
        || line.StartsWith("error", StringComparison.OrdinalIgnoreCase);

    /// <summary>MSBuild says the same fault once for each project that comes across it, and puts that project in brackets behind it.</summary>
    private static string WithoutProject(string line)
    {
        int bracket = line.EndsWith(']') ? line.LastIndexOf(" [", StringComparison.Ordinal) : -1;
        return bracket > 0 && line[bracket..].Contains("proj", StringComparison.Ordinal) ? line[..bracket] : line;
    }
}
