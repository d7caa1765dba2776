using System.Diagnostics;
using Quintet.Supervision.Logs;

namespace Quintet.Supervision.Processes;

/// <summary>A started process that leads its own process group; its output goes to a log.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly LogPump _output;
    private readonly LogPump _errors;

    public ChildProcess(Process process, LogFile log)
    {
        _process = process;
        Pid = process.Id;
        _process.StandardInput.Close();
        _output = new LogPump(process.StandardOutput.BaseStream, log);
        _errors = new LogPump(process.StandardError.BaseStream, log);
        Ended = WaitAsync();
    }

    public int Pid { get; }

    /// <summary>Its exit code; 128 and the signal's number when a signal ended it.</summary>
    public Task<int> Ended { get; }

    /// <summary>Asks the process itself to end.</summary>
    public void Terminate()
    {
        if (!_process.HasExited) Native.Signal(Pid, Native.SigTerm);
    }

    /// <summary>Ends the process and everything in its group, without a choice.</summary>
    public void Kill()
    {
        if (!_process.HasExited) Native.Signal(Pid, Native.SigKill);
        KillGroup();
    }

    /// <summary>Ends what the process left behind in its group. No other group can have its number while a member lives.</summary>
    public void KillGroup() => Native.Signal(-Pid, Native.SigKill);

    /// <summary>What it wrote last may still be in the pipe when it has ended. Somebody who escaped with the pipe is waited for
    /// no longer than the limit.</summary>
    public async Task DrainOutputAsync(TimeSpan limit, TimeProvider time)
    {
        try
        {
            await Task.WhenAll(_output.Ended, _errors.Ended).WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            // The pumps go on; what comes is still logged.
        }
    }

    public void Dispose() => _process.Dispose();

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }
}
