using System.Collections.Concurrent;
using System.Diagnostics;
using Quintet.Supervision.Logs;

namespace Quintet.Supervision.Processes;

/// <summary>
/// Starts every child from one thread that lives as long as the supervisor. The kernel's parent-death signal is bound to the thread that
/// forked and not to its process (prctl(2), PR_SET_PDEATHSIG): children started from a pool thread would die when the pool shrinks.
/// </summary>
internal sealed class Spawner : IDisposable
{
    private readonly BlockingCollection<Action> _starts = new(boundedCapacity: 1024);
    private readonly Thread _thread;

    public Spawner()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "spawner" };
        _thread.Start();
    }

    /// <exception cref="System.ComponentModel.Win32Exception">The program cannot be started.</exception>
    public Task<ChildProcess> StartAsync(ChildStart start, LogFile log)
    {
        TaskCompletionSource<ChildProcess> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts.Add(() =>
        {
            try
            {
                started.SetResult(Start(start, log));
            }
            catch (Exception fault) when (fault is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
            {
                started.SetException(fault);
            }
        });
        return started.Task;
    }

    public void Dispose()
    {
        _starts.CompleteAdding();
        _thread.Join();
        _starts.Dispose();
    }

    private static ChildProcess Start(ChildStart start, LogFile log)
    {
        ProcessStartInfo info = new(start.Program, start.Arguments)
        {
            WorkingDirectory = start.Directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in start.Variables)
        {
            if (value is null) info.Environment.Remove(name);
            else info.Environment[name] = value;
        }

        return new ChildProcess(Process.Start(info)!, log);
    }

    private void Run()
    {
        foreach (Action start in _starts.GetConsumingEnumerable()) start();
    }
}
