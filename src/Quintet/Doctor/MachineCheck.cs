using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Quintet.Supervision.Processes;
using Quintet.Supervision.State;

namespace Quintet.Doctor;

/// <summary>The machine: .NET, disk, limits of the kernel, clock.</summary>
internal sealed class MachineCheck(Findings findings, MachineNeeds needs, TimeProvider time)
{
    private const string Limits = "/proc/self/limits";
    private const string Instances = "/proc/sys/fs/inotify/max_user_instances";

    /// <param name="folder">Where services are built; a global.json there or above chooses the SDK.</param>
    /// <param name="state">Where the system's state is, or would be.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task LookAsync(string folder, StateFolder state, CancellationToken cancellation)
    {
        await SdkAsync(folder, cancellation);
        Disk(state);
        if (File.Exists(Limits)) OpenFiles(File.ReadAllLines(Limits));
        if (File.Exists(Instances)) Inotify(File.ReadAllText(Instances));
        Clock();
    }

    private async Task SdkAsync(string folder, CancellationToken cancellation)
    {
        const string remedy = "install it from https://dot.net, or services with 'project:' cannot be built";
        ProcessStartInfo info = new(OwnExecutable.Dotnet, ["--version"])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        try
        {
            using Process dotnet = Process.Start(info)!;
            dotnet.StandardInput.Close();
            Task<string> errors = dotnet.StandardError.ReadToEndAsync(cancellation);
            string version = (await dotnet.StandardOutput.ReadToEndAsync(cancellation)).Trim();
            await dotnet.WaitForExitAsync(cancellation);
            if (dotnet.ExitCode == 0) findings.Ok("sdk", $".NET SDK {version} builds services");
            else findings.Fault("sdk", FirstLine(await errors, version), remedy);
        }
        catch (Win32Exception fault)
        {
            findings.Fault("sdk", $"{OwnExecutable.Dotnet} cannot be started: {fault.Message}", remedy);
        }
    }

    private void Disk(StateFolder state)
    {
        string? folder = state.Path;
        while (folder is not null && !Directory.Exists(folder)) folder = Path.GetDirectoryName(folder);
        long free = new DriveInfo(folder ?? "/").AvailableFreeSpace;
        Judge("disk", free, needs.FreeBytes, $"{free / 1e9:0.0} GB free for {state.Path}",
            "make room, or take another folder with --state");
    }

    private void OpenFiles(string[] limits)
    {
        // "Max open files            1024                 1048576              files": the runtime lifts its own soft limit to the hard one.
        string[] columns = limits.First(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        long most = columns[4] == "unlimited" ? long.MaxValue : long.Parse(columns[4], CultureInfo.InvariantCulture);
        Judge("files", most, needs.OpenFiles, most == long.MaxValue ? "any number of open files a process" : $"{most} open files a process",
            "raise the hard limit: ulimit -Hn, or LimitNOFILE= of the unit");
    }

    private void Inotify(string text)
    {
        long most = long.Parse(text, CultureInfo.InvariantCulture);
        Judge("inotify", most, needs.InotifyInstances, $"{most} instances of inotify a user", "raise it: sysctl fs.inotify.max_user_instances=512");
    }

    /// <summary>A clock that is behind the program's own making is wrong: certificates and ages of messages go by it.</summary>
    private void Clock()
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset made = File.GetLastWriteTimeUtc(Path.Combine(AppContext.BaseDirectory, "quintet.dll"));
        string clock = now.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
        if (now >= made) findings.Ok("clock", clock);
        else findings.Fault("clock", $"it is {clock}, before this program was made", "set the clock, and let chrony or systemd-timesyncd keep it");
    }

    private void Judge(string check, long has, (long Warn, long Fault) need, string finding, string remedy)
    {
        if (has < need.Fault) findings.Fault(check, finding, remedy);
        else if (has < need.Warn) findings.Warn(check, finding, remedy);
        else findings.Ok(check, finding);
    }

    private static string FirstLine(params string[] texts) =>
        texts.SelectMany(t => t.Split('\n')).Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0) ?? "no .NET SDK answers";
}
