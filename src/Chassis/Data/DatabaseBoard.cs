using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Quintet.Chassis.Data.Engines;

namespace Quintet.Chassis.Data;

/// <summary>
/// Whether the database could be reached when somebody last tried, for health and for those who wait until it can. Degraded, not unhealthy:
/// taking every instance out of the registry would make of a clear answer, 503, none at all.
/// </summary>
internal sealed partial class DatabaseBoard(DatabaseEngine engine, ILogger<DatabaseBoard> logger) : IHealthCheck
{
    private readonly Lock _door = new();
    private TaskCompletionSource? _return;
    private string? _fault;

    /// <summary>Notes that the database is away, if that is what the fault says.</summary>
    /// <returns>Whether it is.</returns>
    public bool NoteIfUnavailable(Exception fault)
    {
        bool isAway = engine.IsUnavailable(fault);
        if (isAway) Lost(fault);
        return isAway;
    }

    /// <summary>Notes that the database cannot be used, whatever the reason.</summary>
    public void Lost(Exception fault)
    {
        lock (_door)
        {
            bool isNew = _return is null;
            _fault = fault.GetBaseException().Message;
            _return ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (isNew) Log.Lost(logger, engine.Place, fault);
        }
    }

    /// <summary>Notes that the database has answered.</summary>
    public void Reached()
    {
        lock (_door)
        {
            if (_return is null) return;
            _return.SetResult();
            (_return, _fault) = (null, null);
            Log.Reached(logger, engine.Place);
        }
    }

    /// <summary>Returns when the database can be reached, as far as is known: mostly at once.</summary>
    public Task WhenReachedAsync(CancellationToken cancellation)
    {
        lock (_door) return _return is null ? Task.CompletedTask : _return.Task.WaitAsync(cancellation);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        lock (_door) return Task.FromResult(_fault is null ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(_fault));
    }

    private static partial class Log
    {
        [LoggerMessage(6111, LogLevel.Warning, "The database cannot be reached; requests are answered 503 until it can: {Place}")]
        public static partial void Lost(ILogger logger, string place, Exception fault);

        [LoggerMessage(6112, LogLevel.Information, "The database answers again: {Place}")]
        public static partial void Reached(ILogger logger, string place);
    }
}
