using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Quintet.Chassis.Data;

/// <summary>
/// A job that one instance at a time does, agreed on through the service's database. The holder renews before half of the term is over;
/// when it dies, another takes over after the term at the latest. Clocks of the instances are taken to agree within a second.
/// Used by one loop; not safe for several threads.
/// </summary>
internal sealed class Lease(IServiceScopeFactory scopes, TimeProvider time, string name, string owner)
{
    /// <summary>How long a dead holder keeps others waiting.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(4);

    // Told apart from a former process of the same instance name, whose term may still run.
    private readonly string _owner = $"{owner}/{Guid.NewGuid():N}";
    private DateTimeOffset _until;

    /// <summary>Whether the job may be done now; takes the lease when it is free, and renews it when it is ours and half over.</summary>
    public async Task<bool> HoldAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_until - now > Term / 2) return true;

        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        DbContext db = scope.ServiceProvider.GetRequiredService<DbContext>();
        DateTimeOffset until = now + Term;
        if (_until <= now && await db.Set<LeaseRow>().AnyAsync(l => l.Name == name && l.Owner != _owner && l.Until >= now, cancellation))
            return false; // the common case of a second instance, answered without writing

        // One statement, so that of two instances that see the lease free exactly one gets it.
        int taken = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO quintet_leases ("Name", "Owner", "Until") VALUES ({name}, {_owner}, {until.ToUnixTimeMilliseconds()})
            ON CONFLICT ("Name") DO UPDATE SET "Owner" = excluded."Owner", "Until" = excluded."Until"
            WHERE quintet_leases."Owner" = excluded."Owner" OR quintet_leases."Until" < {now.ToUnixTimeMilliseconds()}
            """,
            cancellation);
        _until = taken == 1 ? until : default;
        return taken == 1;
    }

    /// <summary>Gives the lease back so that another instance goes on at once.</summary>
    public async Task ReleaseAsync(CancellationToken cancellation)
    {
        if (_until == default) return;
        _until = default;
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        DbContext db = scope.ServiceProvider.GetRequiredService<DbContext>();
        await db.Set<LeaseRow>().Where(lease => lease.Name == name && lease.Owner == _owner).ExecuteDeleteAsync(cancellation);
    }
}
