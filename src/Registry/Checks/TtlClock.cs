using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary>Makes a TTL check critical when it was not heard of in time.</summary>
internal sealed class TtlClock : IScheduledCheck
{
    private static readonly TimeSpan GraceAfterPauseMax = TimeSpan.FromSeconds(10);

    private readonly CheckReports _reports;
    private readonly CheckClocks _clocks;
    private readonly PauseDetector _pauses;
    private readonly ITimer _timer;
    private readonly TimeSpan _ttl;
    private Task _expiry = Task.CompletedTask;

    public TtlClock(CheckRow check, CheckReports reports, CheckClocks clocks, PauseDetector pauses, TimeProvider time)
    {
        (Check, _reports, _clocks, _pauses, _ttl) = (check, reports, clocks, pauses, check.Plan!.Ttl);
        clocks.Beat(check.Id);
        // Set off only when the field is there: a short TTL may end before the constructor does.
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(_ttl, Timeout.InfiniteTimeSpan);
    }

    public CheckRow Check { get; }

    public void End() => _timer.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _expiry;
    }

    private void Look()
    {
        TimeSpan left = _ttl - _clocks.SinceHeard(Check.Id);
        if (left <= TimeSpan.Zero)
        {
            TimeSpan grace = _ttl < GraceAfterPauseMax ? _ttl : GraceAfterPauseMax;
            bool isExcused = _pauses.PausedWithin(grace);
            if (!isExcused) _expiry = ExpireAsync();
            left = isExcused ? grace : _ttl;
        }

        // A millisecond more: a timer that fires early would otherwise spin until the time is really over.
        _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private async Task ExpireAsync()
    {
        try
        {
            await _reports.RecordAsync(Check, CheckStatus.Critical, "TTL expired", () => _clocks.SinceHeard(Check.Id) >= _ttl);
        }
        catch (WriteRefusedException)
        {
            // The disk refuses writes, which its owner has logged; the clock tries again after another TTL.
        }
    }
}
