using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Quintet.Chassis.Data;

/// <summary>
/// Brings the database to this build's schema before the service listens. Instances that start together take turns at an operating-system
/// file lock; a process that is killed in the middle leaves a rolled-back migration and no lock.
/// </summary>
internal sealed partial class MigrationStep<TDb>(
    IServiceScopeFactory scopes, DatabaseFile file, TimeProvider time, ILogger<MigrationStep<TDb>> logger) : IHostedLifecycleService
    where TDb : QuintetDb
{
    // Long enough for a migration that rewrites a large table, short enough that a stuck neighbour becomes visible.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        file.CreateFolder();
        using FileLock turn = await FileLock.TakeAsync(file.LockPath, Patience, time, cancellationToken);
        if (!await file.IsAtAsync(ChassisTables.StepsKnown, MigrationsOf(typeof(TDb)), cancellationToken)) await MigrateAsync(cancellationToken);
        Log.Ready(logger, (long)time.GetElapsedTime(started).TotalMilliseconds);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        TDb db = scope.ServiceProvider.GetRequiredService<TDb>();

        await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancellationToken);
        // EF Core's own lock is a row that survives the death of its owner, and the next start then waits for it for ever. The file lock
        // held here already keeps others out, so what is left in that table is a dead process' leftover.
        await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
        await ChassisTables.BringForwardAsync(db, cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }

    private static string[] MigrationsOf(Type context) =>
    [
        .. context.Assembly.GetTypes()
            .Where(type => type.GetCustomAttribute<DbContextAttribute>()?.ContextType == context)
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id)
            .OfType<string>(),
    ];

    private static partial class Log
    {
        [LoggerMessage(6101, LogLevel.Information, "The database is at this build's schema after {Milliseconds} ms")]
        public static partial void Ready(ILogger logger, long milliseconds);
    }
}
