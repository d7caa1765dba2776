using Quintet.Client.Supervisor;
using Quintet.Manifest;
using Quintet.Supervision.Ports;
using Quintet.Supervision.State;

namespace Quintet.Doctor;

/// <summary>The system itself: its state folder, its ports while it does not run, and every process while it does.</summary>
internal sealed class SystemCheck(Findings findings, SystemManifest manifest, StateFolder state)
{
    /// <param name="connect">A client of the running system.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task LookAsync(Func<RunFile, SupervisorClient> connect, CancellationToken cancellation)
    {
        findings.Ok("manifest", $"{manifest.File}: {manifest.System} with {manifest.Services.Count} services");
        Writable();
        if (RunFile.Read(state) is { IsAlive: true } run) await RunningAsync(run, connect, cancellation);
        else Ports();
    }

    private void Writable()
    {
        string? folder = state.Path;
        while (folder is not null && !Directory.Exists(folder)) folder = Path.GetDirectoryName(folder);
        string probe = Path.Combine(folder ?? "/", $".quintet-{Environment.ProcessId}.tmp");
        try
        {
            using (File.Create(probe, 1, FileOptions.DeleteOnClose)) findings.Ok("state", $"{state.Path} can be written");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            findings.Fault("state", $"{state.Path} cannot be written: {fault.Message}", "change its owner, or take another folder with --state");
        }
    }

    private void Ports()
    {
        foreach ((string key, int port) in manifest.UsedPorts(manifest.Ports))
        {
            if (FreePorts.IsFree(port)) findings.Ok("port", $"{port} is free for ports.{key}");
            else
                findings.Fault("port", $"{port} (ports.{key}) is taken by {PortHolder.Describe(port)}",
                    "set another one in the manifest, or start with --isolated");
        }
    }

    private async Task RunningAsync(RunFile run, Func<RunFile, SupervisorClient> connect, CancellationToken cancellation)
    {
        try
        {
            using SupervisorClient client = connect(run);
            SystemStatus status = await client.StatusAsync(cancellation);
            foreach (SystemProcess process in status.Processes.Where(p => p.State != "ready"))
                findings.Fault("running", $"{process.Instance} is {process.State}: {process.Reason}".TrimEnd(' ', ':'),
                    $"look with 'quintet logs {process.Part}'");
            if (status.Ready) findings.Ok("running", $"all {status.Processes.Count} processes are ready");
        }
        catch (SupervisorException fault)
        {
            findings.Fault("running", fault.Message, "'quintet down' ends what is left of it");
        }
    }
}
