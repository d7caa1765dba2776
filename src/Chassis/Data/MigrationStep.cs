using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Data.Engines;
using Quintet.Chassis.Loops;

namespace Quintet.Chassis.Data;

/// <summary>
/// Brings the database to this build's schema before the service listens. Instances that start together take turns; a process that is killed
/// in the middle leaves a rolled-back migration and no lock. While the database is away the start waits for it.
/// </summary>
internal sealed partial class MigrationStep<TDb>(
    IServiceScopeFactory scopes, DatabaseEngine engine, IOptions<DatabaseOptions> options, TimeProvider time, ILogger<MigrationStep<TDb>> logger)
    : IHostedLifecycleService
    where TDb : QuintetDb
{
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(3);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        int failures = 0;
        while (!await TryMigrateAsync(started, failures, cancellationToken))
        {
            await Backoff.DelayAsync(++failures, RetryMax, time, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }

        Log.Ready(logger, (long)time.GetElapsedTime(started).TotalMilliseconds);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>One try.</summary>
    /// <returns>False when the database is away and there is time to wait for it.</returns>
    private async Task<bool> TryMigrateAsync(long started, int failures, CancellationToken cancellationToken)
    {
        try
        {
            if (!await engine.IsAtAsync(ChassisTables.StepsKnown, MigrationsOf(typeof(TDb)), cancellationToken)) await MigrateAsync(cancellationToken);
            return true;
        }
        catch (Exception fault) when (engine.IsUnavailable(fault) && time.GetElapsedTime(started) < options.Value.StartMax)
        {
            string reason = fault.GetBaseException().Message;
            if (failures == 0) Log.Waiting(logger, engine.Place, options.Value.StartMax, reason);
            else Log.StillWaiting(logger, engine.Place, failures + 1, reason);
            return false;
        }
    }

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        TDb db = scope.ServiceProvider.GetRequiredService<TDb>();
        db.Database.SetCommandTimeout(options.Value.MigrationMax);
        await using IAsyncDisposable turn = await engine.TakeTurnAsync(db, options.Value.MigrationMax, time, cancellationToken);
        await ChassisTables.BringForwardAsync(db, engine, cancellationToken);
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

        [LoggerMessage(6102, LogLevel.Warning, "The database cannot be reached; the start waits for it up to {StartMax}: {Place}: {Reason}")]
        public static partial void Waiting(ILogger logger, string place, TimeSpan startMax, string reason);

        [LoggerMessage(6103, LogLevel.Debug, "The database cannot be reached: {Place}, try {Tries}: {Reason}")]
        public static partial void StillWaiting(ILogger logger, string place, int tries, string reason);
    }
}
