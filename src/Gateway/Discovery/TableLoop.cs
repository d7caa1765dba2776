using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Gateway.Resilience;
using Quintet.Gateway.Routes;

namespace Quintet.Gateway.Discovery;

/// <summary>Turns what the registry told into the table in use: gathers changes, builds, compares, applies, saves.</summary>
internal sealed partial class TableLoop(
    RegistryState state, TableBuilder builder, TableFile file, CurrentTable current, Ejections ejections,
    IOptions<GatewayOptions> options, TimeProvider time, ILogger<TableLoop> logger) : BackgroundService
{
    // Remembered routes and the time of learning again end by the clock and not by a change.
    private static readonly TimeSpan ClockStep = TimeSpan.FromSeconds(1);
    private IReadOnlyList<Quarantined> _quarantine = [];
    private byte[] _inUse = [];

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (file.Load() is { } saved)
        {
            RouteTable sound = builder.Sound(saved);
            current.Use(sound);
            _inUse = JsonSerializer.SerializeToUtf8Bytes(sound, RouteJson.Default.RouteTable);
            Log.TableLoaded(logger, sound.Services.Count);
        }

        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ChangeOrClockAsync(stoppingToken);
                Rebuild();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                Log.TableNotMade(logger, fault);
            }
        }
    }

    private async Task ChangeOrClockAsync(CancellationToken stopping)
    {
        using CancellationTokenSource clock = new(ClockStep, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stopping, clock.Token);
        try
        {
            await state.Changes.WaitToReadAsync(either.Token);
            await Task.Delay(options.Value.Discovery.Debounce, time, stopping);
            state.Changes.TryRead(out _);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // The clock has struck.
        }
    }

    private void Rebuild()
    {
        RegistryPicture picture = state.Picture;
        if (current.Table is null && !picture.IsComplete) return; // half a table would answer 404 for the other half

        RouteTable before = current.Table ?? RouteTable.Empty;
        (RouteTable table, IReadOnlyList<Quarantined> quarantine) = builder.Build(picture, before, time.GetUtcNow());
        Report(quarantine);
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(table, RouteJson.Default.RouteTable);
        if (current.Table is not null && content.AsSpan().SequenceEqual(_inUse)) return;

        ejections.Readmit(NewUrls(before, table));
        current.Use(table);
        _inUse = content;
        file.Save(table);
        Log.TableUsed(logger, current.Generation, table.Services.Count, table.Services.Sum(service => service.Instances.Count));
    }

    // An instance that the registry lists anew is well by a word that is newer than a refused connection.
    private static IEnumerable<string> NewUrls(RouteTable before, RouteTable after)
    {
        HashSet<InstanceAddress> known = [.. before.Services.SelectMany(service => service.Instances)];
        return after.Services.SelectMany(service => service.Instances).Where(instance => !known.Contains(instance)).Select(instance => instance.Url);
    }

    private void Report(IReadOnlyList<Quarantined> quarantine)
    {
        foreach (Quarantined entry in quarantine.Except(_quarantine)) Log.Quarantined(logger, entry.Service, entry.Reason);
        foreach (Quarantined entry in _quarantine.Except(quarantine)) Log.Mended(logger, entry.Service, entry.Reason);
        _quarantine = quarantine;
    }

    /// <summary>How many entries are left out at the moment.</summary>
    public int QuarantinedCount => _quarantine.Count;

    private static partial class Log
    {
        [LoggerMessage(5021, LogLevel.Information, "The routes of the last run are in use: {Services} services")]
        public static partial void TableLoaded(ILogger logger, int services);

        [LoggerMessage(5022, LogLevel.Information, "Route table {Generation} is in use: {Services} services, {Instances} instances")]
        public static partial void TableUsed(ILogger logger, int generation, int services, int instances);

        [LoggerMessage(5023, LogLevel.Warning, "Service {Service}: {Reason}; the entry is left out")]
        public static partial void Quarantined(ILogger logger, string service, string reason);

        [LoggerMessage(5024, LogLevel.Information, "Service {Service}: no longer true that {Reason}")]
        public static partial void Mended(ILogger logger, string service, string reason);

        [LoggerMessage(5025, LogLevel.Error, "The route table could not be made; the one before stays in use")]
        public static partial void TableNotMade(ILogger logger, Exception fault);
    }
}

/// <summary>Ready once a table is known, from the registry or from the last run.</summary>
internal sealed class TableCheck(CurrentTable current, RegistryState registry, TableLoop loop) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (current.Table is null) return Task.FromResult(HealthCheckResult.Unhealthy("the registry has not answered yet"));
        string state = $"table {current.Generation}, {loop.QuarantinedCount} entries left out, registry {(registry.IsConnected ? "connected" : "away")}";
        return Task.FromResult(HealthCheckResult.Healthy(state));
    }
}
