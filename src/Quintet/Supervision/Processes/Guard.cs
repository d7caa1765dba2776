using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Quintet.Supervision.Processes;

/// <summary>
/// The last resort against orphans: a shell in a session of its own that reads a pipe from the supervisor. When the pipe ends, however the
/// supervisor ended, it ends every process group it was told of and every process that was started with this run's <c>QUINTET_RUN</c>.
/// </summary>
internal sealed class Guard : IAsyncDisposable
{
    /// <summary>POSIX shell; $1 is the run. Its own environment must not hold QUINTET_RUN, or it would find itself.</summary>
    private const string Script =
        """
        exec >/dev/null 2>&1; trap '' HUP INT QUIT TERM PIPE
        run=$1; groups=
        while read -r sign group; do
          case $sign in
            +) groups="$groups $group" ;;
            -) kept=; for g in $groups; do [ "$g" = "$group" ] || kept="$kept $g"; done; groups=$kept ;;
          esac
        done
        sweep() {
          found=
          for g in $groups; do kill "$1" "-$g" 2>/dev/null && found=1; done
          for f in $(grep -lszxF "QUINTET_RUN=$run" /proc/[0-9]*/environ 2>/dev/null); do
            p=${f#/proc/}; kill "$1" "${p%/environ}" 2>/dev/null && found=1
          done
        }
        sweep -TERM
        n=0; while [ -n "$found" ] && [ $n -lt 20 ]; do sleep 0.1; sweep -0; n=$((n+1)); done
        n=0; while [ -n "$found" ] && [ $n -lt 50 ]; do sweep -KILL; sleep 0.05; sweep -0; n=$((n+1)); done
        """;

    private const string SetSid = "/usr/bin/setsid";

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<int, bool> _groups = [];
    private readonly string _run;
    private Process? _shell;
    private bool _isClosed;

    public Guard(string run)
    {
        _run = run;
        Start();
    }

    /// <summary>The guard's own process id; 0 where there is none.</summary>
    public int Pid => _shell?.Id ?? 0;

    public void Watch(int group)
    {
        _groups[group] = true;
        Tell('+', group);
    }

    public void Forget(int group)
    {
        _groups.TryRemove(group, out _);
        Tell('-', group);
    }

    /// <summary>Closes the pipe; what is still alive of this run then ends. Waits for the guard to be through.</summary>
    public async ValueTask DisposeAsync()
    {
        Process? shell;
        lock (_gate)
        {
            _isClosed = true;
            shell = _shell;
        }

        if (shell is null) return;
        shell.StandardInput.Close();
        await shell.WaitForExitAsync();
        shell.Dispose();
    }

    private void Start()
    {
        if (!OperatingSystem.IsLinux()) return; // /proc/<pid>/environ is what it reads
        string[] words = ["/bin/sh", "-c", Script, "quintet-guard", _run];
        // Both become the shell under the same process id; the small one saves a start of .NET.
        ProcessStartInfo info = File.Exists(SetSid) ? new ProcessStartInfo(SetSid, words)
            : OwnExecutable.Start([ExecStep.Word, "--session", "--", .. words]);
        info.RedirectStandardInput = true;
        info.WorkingDirectory = "/";
        foreach (string name in (string[])["QUINTET_RUN", "QUINTET_INSTANCE", "QUINTET_SUPERVISOR_PID"]) info.Environment.Remove(name);
        Process shell = Process.Start(info)!;
        lock (_gate) _shell = shell;
        foreach (int group in _groups.Keys) Tell('+', group);
        _ = RestartWhenItEndsAsync(shell);
    }

    private async Task RestartWhenItEndsAsync(Process shell)
    {
        await shell.WaitForExitAsync();
        lock (_gate)
        {
            if (_isClosed) return;
            _shell = null;
        }

        shell.Dispose();
        // Whoever kills the guard again and again gets one a second and no busy loop.
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        lock (_gate)
            if (_isClosed) return;
        Start();
    }

    private void Tell(char sign, int group)
    {
        lock (_gate)
        {
            if (_shell is null || _isClosed) return;
            try
            {
                _shell.StandardInput.Write(string.Create(CultureInfo.InvariantCulture, $"{sign} {group}\n"));
                _shell.StandardInput.Flush();
            }
            catch (Exception fault) when (fault is IOException or InvalidOperationException or ObjectDisposedException)
            {
                // It was killed; the next one is told everything at its start.
            }
        }
    }
}
