using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Data;

namespace Quintet.Chassis.Messaging;

/// <summary>The outbox as its loop sees it. Each call is a unit of work of its own.</summary>
internal sealed class OutboxStore(IServiceScopeFactory scopes, IOptions<MessagingOptions> options, TimeProvider time)
{
    private const int FaultCharactersMax = 500;
    private static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The oldest rows that may be published now. Left out are rows behind a refused one of the same subject, which would overtake it,
    /// and rows of <paramref name="heldTypes"/>.
    /// </summary>
    public Task<List<OutboxRow>> DueAsync(IReadOnlyCollection<string> heldTypes, CancellationToken cancellation) =>
        WithAsync(rows =>
        {
            DateTimeOffset now = time.GetUtcNow();
            return rows.AsNoTracking()
                .Where(r => r.State == OutboxState.Waiting && r.NotBefore <= now && !heldTypes.Contains(r.Type))
                .Where(r => !rows.Any(e => e.State == OutboxState.Waiting && e.Subject == r.Subject && e.Sequence < r.Sequence && e.NotBefore > now))
                .OrderBy(r => r.Sequence)
                .Take(options.Value.BatchMax * 4)
                .ToListAsync(cancellation);
        });

    /// <summary>The oldest waiting row of a type.</summary>
    public Task<OutboxRow?> OldestAsync(string type, CancellationToken cancellation) =>
        WithAsync(rows => rows.AsNoTracking()
            .Where(r => r.State == OutboxState.Waiting && r.Type == type)
            .OrderBy(r => r.Sequence)
            .FirstOrDefaultAsync(cancellation));

    public Task SentAsync(IReadOnlyCollection<long> sequences, CancellationToken cancellation) =>
        WithAsync(rows =>
        {
            DateTimeOffset now = time.GetUtcNow();
            return rows.Where(r => sequences.Contains(r.Sequence) && r.State == OutboxState.Waiting)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.State, OutboxState.Sent).SetProperty(r => r.DoneAt, now), cancellation);
        });

    /// <summary>Notes a refusal and when to try again, or sets the row aside when there were too many.</summary>
    /// <returns>Whether it was set aside.</returns>
    public async Task<bool> RefusedAsync(OutboxRow row, string fault, CancellationToken cancellation)
    {
        int attempts = row.Attempts + 1;
        bool isOver = attempts >= options.Value.RefusalsMax;
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset notBefore = now + TimeSpan.FromTicks(Math.Min(RetryMax.Ticks, RetryFirst.Ticks << Math.Min(row.Attempts, 10)));
        string cut = fault.Length > FaultCharactersMax ? fault[..FaultCharactersMax] : fault;
        await WithAsync(rows => rows.Where(r => r.Sequence == row.Sequence && r.State == OutboxState.Waiting)
            .ExecuteUpdateAsync(
                set => set.SetProperty(r => r.Attempts, attempts)
                    .SetProperty(r => r.NotBefore, notBefore)
                    .SetProperty(r => r.Fault, cut)
                    .SetProperty(r => r.State, isOver ? OutboxState.SetAside : OutboxState.Waiting)
                    .SetProperty(r => r.DoneAt, isOver ? now : null),
                cancellation));
        return isOver;
    }

    /// <summary>Gives up on rows of a type that nobody has wanted for long enough.</summary>
    /// <returns>How many.</returns>
    public Task<int> UnclaimedAsync(string type, CancellationToken cancellation) =>
        WithAsync(rows =>
        {
            DateTimeOffset now = time.GetUtcNow();
            DateTimeOffset before = now - options.Value.UnroutableFor;
            return rows.Where(r => r.State == OutboxState.Waiting && r.Type == type && r.AddedAt < before)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.State, OutboxState.Unclaimed).SetProperty(r => r.DoneAt, now), cancellation);
        });

    public Task<OutboxBacklog> BacklogAsync(IReadOnlyCollection<string> heldTypes, CancellationToken cancellation) =>
        WithAsync(async rows =>
        {
            IQueryable<OutboxRow> waiting = rows.Where(r => r.State == OutboxState.Waiting);
            IQueryable<OutboxRow> moving = waiting.Where(r => !heldTypes.Contains(r.Type));
            return new OutboxBacklog(
                Waiting: await moving.CountAsync(cancellation),
                Unroutable: await waiting.CountAsync(r => heldTypes.Contains(r.Type), cancellation),
                SetAside: await rows.CountAsync(r => r.State == OutboxState.SetAside, cancellation),
                Oldest: await moving.OrderBy(r => r.Sequence).Select(r => (DateTimeOffset?)r.AddedAt).FirstOrDefaultAsync(cancellation));
        });

    private async Task<T> WithAsync<T>(Func<DbSet<OutboxRow>, Task<T>> work)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<DbContext>().Set<OutboxRow>());
    }
}

/// <summary>How far the outbox is behind.</summary>
/// <param name="Waiting">Rows that are to be published.</param>
/// <param name="Unroutable">Rows that wait for a first subscriber.</param>
/// <param name="SetAside">Rows that the broker refused for good.</param>
/// <param name="Oldest">When the oldest of <paramref name="Waiting"/> was added.</param>
internal sealed record OutboxBacklog(int Waiting, int Unroutable, int SetAside, DateTimeOffset? Oldest);
