using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Quintet.Chassis.Configuration;

/// <summary>What is known about the configuration server; configuration is loaded before there is a log, so this one speaks later.</summary>
internal sealed partial class ConfigServerState : IHealthCheck
{
    private readonly Lock _gate = new();
    private ILogger? _logger; // these three are guarded by _gate
    private string? _fault;
    private string? _version;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return Task.FromResult(
                _fault is null ? HealthCheckResult.Healthy(_version)
                : HealthCheckResult.Degraded($"{_fault}; in use is {(_version is null ? "the last good copy, if there is one" : $"version {_version}")}"));
        }
    }

    public void Served(string? version)
    {
        lock (_gate)
        {
            _fault = null;
            if (_version == version) return;
            _version = version;
            if (_logger is not null) Log.Served(_logger, version);
        }
    }

    public void Failed(string fault)
    {
        lock (_gate)
        {
            if (_fault is null && _logger is not null) Log.Failed(_logger, fault);
            _fault = fault;
        }
    }

    private void Attach(ILogger logger)
    {
        lock (_gate)
        {
            _logger = logger;
            if (_fault is not null) Log.Failed(logger, _fault);
            else if (_version is not null) Log.Served(logger, _version);
        }
    }

    /// <summary>Gives the state its log.</summary>
    internal sealed class Speaker(ConfigServerState state, ILogger<ConfigServerState> logger) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            state.Attach(logger);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(6501, LogLevel.Information, "Configuration of version {Version} is in use")]
        public static partial void Served(ILogger logger, string? version);

        [LoggerMessage(6502, LogLevel.Warning, "The configuration server does not answer as it should; the last good configuration stays: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
