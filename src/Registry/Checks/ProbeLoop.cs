using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary>Makes one HTTP or TCP check at its interval and reports what it finds.</summary>
internal sealed class ProbeLoop : IScheduledCheck
{
    private readonly Prober _prober;
    private readonly CheckReports _reports;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _run;
    private TaskCompletionSource? _hurried;
    private int _successes;
    private int _failures;

    public ProbeLoop(CheckRow check, Prober prober, CheckReports reports, TimeSpan firstWithin, TimeProvider time)
    {
        (Check, _prober, _reports, _time) = (check, prober, reports, time);
        TimeSpan spread = firstWithin < check.Plan!.Interval ? firstWithin : check.Plan.Interval;
        _run = Task.Run(() => RunAsync(spread * Random.Shared.NextDouble()));
    }

    public CheckRow Check { get; }

    /// <summary>Probes now instead of at the end of the interval.</summary>
    public void Hurry() => Volatile.Read(ref _hurried)?.TrySetResult();

    public void End() => _ended.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _run;
        _ended.Dispose();
    }

    private async Task RunAsync(TimeSpan wait)
    {
        while (true)
        {
            try
            {
                if (wait > TimeSpan.Zero) await WaitAsync(wait);
                long started = _time.GetTimestamp();
                ProbeResult result = await _prober.ProbeAsync(Check.Plan!, _ended.Token);
                if (StatusAfter(result.Status) is { } status) await _reports.RecordAsync(Check, status, result.Output, () => !_ended.IsCancellationRequested);
                wait = Check.Plan!.Interval - _time.GetElapsedTime(started);
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                return;
            }
            catch (WriteRefusedException)
            {
                // The disk refuses writes, which its owner has logged; the next round reports again.
                wait = Check.Plan!.Interval;
            }
        }
    }

    private async Task WaitAsync(TimeSpan wait)
    {
        TaskCompletionSource hurried = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _hurried, hurried);
        await hurried.Task.WaitAsync(wait, _time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Token.ThrowIfCancellationRequested();
    }

    /// <summary>The status after one more result; null while there are too few of its kind in a row to change it.</summary>
    private string? StatusAfter(string result)
    {
        CheckPlan plan = Check.Plan!;
        if (result != CheckStatus.Critical)
        {
            _failures = 0;
            return ++_successes >= plan.SuccessBeforePassing ? result : null;
        }

        _successes = 0;
        _failures++;
        int beforeWarning = plan.FailuresBeforeWarning > 0 ? plan.FailuresBeforeWarning : plan.FailuresBeforeCritical;
        return _failures >= plan.FailuresBeforeCritical ? CheckStatus.Critical : _failures >= beforeWarning ? CheckStatus.Warning : null;
    }
}
