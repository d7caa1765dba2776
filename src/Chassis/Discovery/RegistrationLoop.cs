using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quintet.Chassis.Data.Engines;
using Quintet.Client.Consul;
using Quintet.Hosting.Health;

namespace Quintet.Chassis.Discovery;

/// <summary>
/// Keeps this instance in the registry from the moment it listens until it is asked to stop. The registry's own list is watched: when this
/// instance is missing there, because the registry lost it or was replaced, it registers again. At the stop it leaves first, waits until
/// callers have noticed, and only then lets the server close.
/// </summary>
internal sealed partial class RegistrationLoop(
    ConsulClient registry, ChassisOptions chassis, IServer server, IHostApplicationLifetime lifetime, HealthCheckService health,
    IEnumerable<DatabaseEngine> databases, TimeProvider time, ILogger<RegistrationLoop> logger)
    : BackgroundService, IHostedLifecycleService
{
    private const int MetaCharactersMax = 512; // Consul's limit for a metadata value

    // Gateways and siblings watch the registry and hear of the change within milliseconds; this covers a busy machine.
    private static readonly TimeSpan Drain = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan DeregisterMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AgainPause = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _leaving = new();
    private bool _isRegistered;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (string route in chassis.Routes.Where(route => route.Length > MetaCharactersMax))
            throw new InvalidOperationException($"QUINTET_ROUTES: the registry takes routes of at most {MetaCharactersMax} characters, not '{route}'");
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _leaving.CancelAsync();
        if (!_isRegistered) return;
        try
        {
            using CancellationTokenSource late = new(DeregisterMax, time);
            await registry.DeregisterAsync(chassis.Instance, late.Token);
            Log.Deregistered(logger, chassis.Instance);
        }
        catch (Exception fault) when (fault is ConsulException or OperationCanceledException)
        {
            Log.NotDeregistered(logger, chassis.Instance, fault.Message);
        }

        await Task.Delay(Drain, time, CancellationToken.None);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Dispose()
    {
        _leaving.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, _leaving.Token);
        try
        {
            await StartedAsync(lifetime, ending.Token);
            while (true) await StayAsync(ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task StayAsync(CancellationToken ending)
    {
        ConsulWatch watch = new() { Time = time, Failed = (fault, failures) => Away(fault.Message, failures) };
        try
        {
            int port = await RegisterAsync(ending);
            _isRegistered = true;
            Log.Registered(logger, chassis.Instance, port);
            await foreach (var instances in watch.FollowAsync(
                (blocking, token) => registry.HealthServiceAsync(chassis.Service, false, blocking, token), ending))
            {
                if (instances.Any(instance => instance.Id == chassis.Instance && instance.Port == port)) continue;
                Log.Missing(logger, chassis.Instance);
                await Task.Delay(AgainPause, time, ending);
                await RegisterAsync(ending);
            }
        }
        catch (ConsulException fault)
        {
            Away(fault.Message, 1);
            await Task.Delay(AgainPause, time, ending);
        }
    }

    // With the health of this moment: a server of a cluster may be behind and miss what its agent knows, and the agent then takes the new state.
    private async Task<int> RegisterAsync(CancellationToken ending)
    {
        ServiceRegistration me = Describe(await StatusAsync(ending));
        await registry.RegisterAsync(me, ending);
        return me.Port;
    }

    private void Away(string reason, int failures)
    {
        if (failures == 1) Log.Away(logger, reason);
    }

    private ServiceRegistration Describe(InstanceStatus status)
    {
        Uri address = Address();
        ServiceDeclaration declaration = new()
        {
            Version = chassis.Version,
            Routes = chassis.Routes,
            Publishes = chassis.Publishes,
            Subscribes = chassis.Subscribes,
            Calls = chassis.Calls,
            Database = databases.FirstOrDefault()?.Kind,
        };
        return new ServiceRegistration(chassis.Instance, chassis.Service, address.Host, address.Port)
        {
            Meta = declaration.ToMeta(),
            Checks =
            [
                new ServiceCheck
                {
                    Http = new Uri(address, "/health/ready"),
                    Interval = TimeSpan.FromSeconds(1),
                    Timeout = TimeSpan.FromSeconds(2),
                    DeregisterCriticalServiceAfter = TimeSpan.FromMinutes(1),
                    Status = status,
                },
            ],
        };
    }

    /// <summary>The first address that the server listens on; a wildcard is reached at loopback by the registry's agent on this machine.</summary>
    private Uri Address()
    {
        string listening = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? throw new InvalidOperationException("the server listens nowhere, so there is nothing to register");
        UriBuilder address = new(listening.Replace("//+", "//localhost", StringComparison.Ordinal).Replace("//*", "//localhost", StringComparison.Ordinal));
        if (address.Host is "localhost" or "[::]" or "[::1]" or "0.0.0.0") address.Host = "127.0.0.1";
        return address.Uri;
    }

    // Registered as passing only if it is: otherwise the registry's first look decides.
    private async Task<InstanceStatus> StatusAsync(CancellationToken ending)
    {
        HealthReport report = await health.CheckHealthAsync(check => check.Tags.Contains(HealthRoutes.ReadyTag), ending);
        return report.Status == HealthStatus.Unhealthy ? InstanceStatus.Critical : InstanceStatus.Passing;
    }

    private static async Task StartedAsync(IHostApplicationLifetime lifetime, CancellationToken ending)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(ending);
    }

    private static partial class Log
    {
        [LoggerMessage(6401, LogLevel.Information, "{Instance} is registered at port {Port}")]
        public static partial void Registered(ILogger logger, string instance, int port);

        [LoggerMessage(6402, LogLevel.Warning, "The registry no longer knew {Instance}; it registers again")]
        public static partial void Missing(ILogger logger, string instance);

        [LoggerMessage(6403, LogLevel.Warning, "The registry is away; registration goes on when it is back: {Reason}")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(6404, LogLevel.Information, "{Instance} has left the registry and drains")]
        public static partial void Deregistered(ILogger logger, string instance);

        [LoggerMessage(6405, LogLevel.Warning, "{Instance} could not leave the registry, whose health check will find out: {Reason}")]
        public static partial void NotDeregistered(ILogger logger, string instance, string reason);
    }
}
