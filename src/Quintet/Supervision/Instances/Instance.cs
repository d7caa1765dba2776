using System.ComponentModel;
using System.Globalization;
using Quintet.Supervision.Logs;
using Quintet.Supervision.Processes;

namespace Quintet.Supervision.Instances;

/// <summary>
/// One instance over all its processes: starts it, watches its health, starts it again when it ends, and ends it. One loop owns the
/// sequence, so that a withdrawal from the registry can never overtake the next registration.
/// </summary>
internal sealed class Instance : IDisposable
{
    private static readonly TimeSpan OutputLimit = TimeSpan.FromSeconds(1);

    private readonly SystemRun _system;
    private readonly LogFile _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = NewSignal();
    private InstanceState _state = InstanceState.Building;
    private ChildProcess? _child;
    private Task _loop = Task.CompletedTask;
    private TaskCompletionSource _startNow = NewSignal();
    private volatile bool _isRestartWanted;

    public Instance(SystemRun system, InstancePlan plan)
    {
        _system = system;
        Plan = plan;
        _log = new LogFile(system.State.LogOf(plan.Id), system.Options.Logs, system.Time);
    }

    public InstancePlan Plan { get; set; }

    public InstanceState State
    {
        get { lock (_gate) return _state; }
    }

    /// <summary>Why it is not well, for people; empty when it is.</summary>
    public string Reason { get; private set; } = "";

    public int Restarts { get; private set; }

    /// <summary>The present process; 0 when there is none.</summary>
    public int Pid => _child?.Pid ?? 0;

    public string LogPath => _log.Path;

    public void Begin() => _loop = RunAsync();

    /// <summary>It will not be started: its build failed.</summary>
    public void Fail(string reason) => Set(InstanceState.Failed, reason);

    /// <summary>Waits until it is ready; false when it failed or the time is over.</summary>
    public async Task<bool> BecomesReadyAsync(TimeSpan limit, CancellationToken cancellation)
    {
        long start = _system.Time.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_state == InstanceState.Ready) return true;
                if (_state is InstanceState.Failed or InstanceState.Stopped) return false;
                changed = _changed.Task;
            }

            TimeSpan left = limit - _system.Time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) return false;
            try
            {
                await changed.WaitAsync(left, _system.Time, cancellation);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }
    }

    /// <summary>Ends the process as <see cref="StopAsync"/> does and starts another one at once.</summary>
    public async Task RestartAsync(bool drain)
    {
        if (_child is not { } child)
        {
            _startNow.TrySetResult(); // between two processes: the next one need not wait
            return;
        }

        await DrainAsync(drain);
        _isRestartWanted = true;
        Set(InstanceState.Restarting, "asked to");
        await EndAsync(child);
    }

    /// <summary>Out of the registry, time to drain, SIGTERM, and SIGKILL to the whole group after the deadline.</summary>
    public async Task StopAsync(bool drain)
    {
        Set(InstanceState.Stopping, "");
        await DrainAsync(drain);
        await _stopping.CancelAsync();
        if (_child is { } child) await EndAsync(child);
        await _loop;
    }

    /// <summary>Ends the process and its group at once.</summary>
    public void Kill()
    {
        _stopping.Cancel();
        _child?.Kill();
    }

    public void Dispose()
    {
        _log.Dispose();
        _stopping.Dispose();
    }

    private async Task DrainAsync(bool drain)
    {
        if (!drain || Plan.Entry is null || _child is null) return;
        await Plan.Entry.DrainAsync(CancellationToken.None);
        await Task.Delay(_system.Options.Drain, _system.Time);
    }

    private async Task EndAsync(ChildProcess child)
    {
        child.Terminate();
        try
        {
            await child.Ended.WaitAsync(_system.Options.StopDeadline, _system.Time);
        }
        catch (TimeoutException)
        {
            _system.Say($"{Plan.Id} did not end within {_system.Options.StopDeadline.TotalSeconds:0} s of SIGTERM and was killed");
            child.Kill();
            await child.Ended;
        }
    }

    private async Task RunAsync()
    {
        int failures = 0; // in a row without a stable time between, for the backoff
        int unready = 0; // in a row without having been ready
        while (!_stopping.IsCancellationRequested)
        {
            long started = _system.Time.GetTimestamp();
            (bool wasReady, string end) = await RunOnceAsync();
            if (_stopping.IsCancellationRequested) break;

            Restarts++;
            bool wasStable = wasReady && _system.Time.GetElapsedTime(started) >= _system.Options.StableAfter;
            failures = wasStable || _isRestartWanted ? 0 : failures + 1;
            unready = wasReady || _isRestartWanted ? 0 : unready + 1;
            _system.Say($"{Plan.Id} {end}");
            if (!_isRestartWanted)
            {
                Set(unready >= _system.Options.FailedAfter ? InstanceState.Failed : InstanceState.Restarting, end);
                await WaitBeforeRestartAsync(Backoff(failures));
            }

            _isRestartWanted = false;
        }

        Set(InstanceState.Stopped, "");
    }

    private async Task WaitBeforeRestartAsync(TimeSpan backoff)
    {
        TaskCompletionSource startNow = NewSignal();
        _startNow = startNow;
        try
        {
            await startNow.Task.WaitAsync(backoff, _system.Time, _stopping.Token);
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            // Time for the next start, or for none.
        }
    }

    /// <summary>One process from its start to its end, with nothing of it left behind.</summary>
    private async Task<(bool WasReady, string End)> RunOnceAsync()
    {
        if (State != InstanceState.Failed) Set(InstanceState.Starting, Reason);
        if (Plan.Entry is { } entry) await entry.ExpectAsync();
        ChildProcess child;
        try
        {
            child = await _system.Spawner.StartAsync(Plan.Start(), _log);
        }
        catch (Exception fault) when (fault is Win32Exception or IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            _log.Write($"quintet: cannot be started: {fault.Message}");
            return (false, $"cannot be started: {fault.Message}");
        }

        using (child)
        {
            _system.Guard.Watch(child.Pid);
            _child = child;
            if (_stopping.IsCancellationRequested) child.Terminate(); // asked to stop while it was being started
            using CancellationTokenSource ended = new();
            Task<bool> watch = WatchAsync(ended.Token);
            int exitCode = await child.Ended;
            await ended.CancelAsync();
            bool wasReady = await watch;

            _child = null;
            // First of all, so that nobody is sent to it any more; the rest is tidying.
            Task withdrawn = Plan.Entry?.WithdrawAsync() ?? Task.CompletedTask;
            child.KillGroup();
            Leftovers.Kill(_system.Id, Plan.Id);
            _system.Guard.Forget(child.Pid);
            await child.DrainOutputAsync(OutputLimit, _system.Time);
            await withdrawn;
            string end = exitCode > 128 && exitCode - 128 <= Native.SignalMax
                ? string.Create(CultureInfo.InvariantCulture, $"was ended by signal {exitCode - 128}")
                : string.Create(CultureInfo.InvariantCulture, $"ended with exit code {exitCode}");
            return (wasReady, end);
        }
    }

    /// <summary>Keeps the state true while the process runs; gives whether it was ever ready.</summary>
    private async Task<bool> WatchAsync(CancellationToken ended)
    {
        bool wasReady = false;
        int misses = 0;
        try
        {
            while (true)
            {
                bool isReady = await IsReadyAsync(wasReady, ended);
                misses = isReady ? 0 : misses + 1;
                if (isReady)
                {
                    wasReady = true;
                    Become(InstanceState.Ready, "");
                }
                else if (wasReady && misses >= 2)
                {
                    Become(InstanceState.Unhealthy, "does not answer, or fails its check in the registry");
                }

                TimeSpan pause = isReady ? _system.Options.SteadyProbe : wasReady ? _system.Options.UnhealthyProbe : _system.Options.StartingProbe;
                await Task.Delay(pause, _system.Time, ended);
            }
        }
        catch (OperationCanceledException)
        {
            return wasReady;
        }
    }

    private async Task<bool> IsReadyAsync(bool wasReady, CancellationToken ended)
    {
        if (!await Plan.Probe.IsReadyAsync(_system.Options.ProbeTimeout, ended)) return false;
        if (Plan.Entry is null) return true;
        await Plan.Entry.AnnounceAsync(Plan.Build, ended);
        // A registry that is away makes nobody unhealthy who was ready before.
        return Plan.Entry.IsPassing ?? wasReady;
    }

    private TimeSpan Backoff(int failures)
    {
        double factor = Math.Pow(2, Math.Clamp(failures - 1, 0, 30));
        return TimeSpan.FromMilliseconds(Math.Min(_system.Options.BackoffFirst.TotalMilliseconds * factor, _system.Options.BackoffMax.TotalMilliseconds));
    }

    /// <summary>As <see cref="Set"/>, unless it is being ended: a last good answer does not make it ready again.</summary>
    private void Become(InstanceState state, string reason)
    {
        lock (_gate)
            if (_state is InstanceState.Stopping or InstanceState.Stopped || (_state == InstanceState.Restarting && _isRestartWanted)) return;
        Set(state, reason);
    }

    private void Set(InstanceState state, string reason)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_state == InstanceState.Stopping && state is not (InstanceState.Stopped or InstanceState.Failed)) return;
            if (_state == state && Reason == reason) return;
            _state = state;
            Reason = reason;
            changed = _changed;
            _changed = NewSignal();
        }

        changed.TrySetResult();
        _system.Changed(Plan.Id, state, reason);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
