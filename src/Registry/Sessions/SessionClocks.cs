using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Sessions;

/// <summary>
/// Ends sessions that are not renewed: after one and a half times their TTL, since clients may count on the whole TTL and on no more than
/// twice it. After a restart every session has its full time again.
/// </summary>
internal sealed class SessionClocks(CommitLoop commits, TimeProvider time) : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<string, Clock> _clocks = new(StringComparer.Ordinal);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        commits.Committed += Follow;
        foreach (SessionRow session in commits.State.Sessions.Rows.Values) Renew(session);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        commits.Committed -= Follow;
        Dispose();
        await Task.WhenAll(_clocks.Values.Select(clock => clock.Expiry));
    }

    public void Dispose()
    {
        foreach (Clock clock in _clocks.Values) clock.Timer.Dispose();
    }

    /// <summary>The session's time begins again.</summary>
    public void Renew(SessionRow session)
    {
        if (session.Ttl <= TimeSpan.Zero) return;
        Clock clock = _clocks.GetOrAdd(session.Id, _ => CreateClock(session));
        clock.RenewedAt = time.GetTimestamp();
        clock.Timer.Change(TimeOf(session), Timeout.InfiniteTimeSpan);
    }

    private static TimeSpan TimeOf(SessionRow session) => session.Ttl * 1.5;

    private Clock CreateClock(SessionRow session)
    {
        Clock clock = new();
        clock.Timer = time.CreateTimer(_ => clock.Expiry = ExpireAsync(session, clock), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return clock;
    }

    private void Follow(RegistryState before, RegistryState after, IReadOnlyList<Change> changes)
    {
        foreach (Change change in changes)
        {
            if (change is SessionPut put && after.Sessions.Rows.ContainsKey(put.Row.Id)) Renew(put.Row);
            else if (change is SessionGone gone && _clocks.TryRemove(gone.Id, out Clock? clock)) clock.Timer.Dispose();
        }
    }

    private async Task ExpireAsync(SessionRow session, Clock clock)
    {
        try
        {
            await commits.WriteAsync(draft =>
            {
                // A renewal that was answered while this write waited has won.
                if (time.GetElapsedTime(clock.RenewedAt) >= session.Ttl && draft.State.Sessions.Rows.ContainsKey(session.Id))
                    draft.EndSession(session);
            });
        }
        catch (WriteRefusedException)
        {
            Renew(session); // the disk refuses writes, which its owner has logged; the session has more time
        }
    }

    private sealed class Clock
    {
        private long _renewedAt;

        public ITimer Timer { get; set; } = null!;

        public Task Expiry { get; set; } = Task.CompletedTask;

        public long RenewedAt
        {
            get => Interlocked.Read(ref _renewedAt);
            set => Interlocked.Exchange(ref _renewedAt, value);
        }
    }
}
