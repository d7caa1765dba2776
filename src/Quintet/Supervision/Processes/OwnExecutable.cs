using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quintet.Supervision.Processes;

/// <summary>How to run this very command again, as a box or as the exec step, whoever hosts it now (its own executable, dotnet, a test).</summary>
internal static class OwnExecutable
{
    private static readonly string Launcher = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "quintet.exe" : "quintet");

    /// <summary>The <c>dotnet</c> this process runs on: …/shared/Microsoft.NETCore.App/10.0.x/ → …/dotnet.</summary>
    public static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    public static string Dotnet => Path.Combine(DotnetRoot, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");

    public static (string Program, IReadOnlyList<string> Arguments) Command(params string[] arguments) =>
        File.Exists(Launcher) ? (Launcher, arguments) : (Dotnet, [Path.Combine(AppContext.BaseDirectory, "quintet.dll"), .. arguments]);

    public static ProcessStartInfo Start(params string[] arguments)
    {
        (string program, IReadOnlyList<string> words) = Command(arguments);
        ProcessStartInfo info = new(program, words) { UseShellExecute = false };
        info.Environment["DOTNET_ROOT"] = DotnetRoot; // the launcher looks there first
        return info;
    }
}
