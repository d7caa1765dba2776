using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Client.Consul;

namespace Quintet.Gateway.Discovery;

/// <summary>Watches the registry: the catalog for names, each service for its instances, the key-value store for policies.</summary>
internal sealed partial class RegistryLoop(
    ConsulClient registry, RegistryState state, IOptions<GatewayOptions> options, TimeProvider time, ILogger<RegistryLoop> logger) : BackgroundService
{
    private const string PolicyPrefix = "quintet/gateway/";
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    // Only the catalog's watch touches these.
    private readonly Dictionary<string, ServiceWatch> _watches = new(StringComparer.Ordinal);
    private readonly HashSet<string> _leftOut = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task policies = KeepAsync(FollowPoliciesAsync, stoppingToken);
        await KeepAsync(FollowCatalogAsync, stoppingToken);
        await policies;
        await Task.WhenAll(_watches.Values.Select(watch => watch.StopAsync()));
    }

    /// <summary>The top of each watch: a fault of ours is logged and the watch begun again.</summary>
    private async Task KeepAsync(Func<CancellationToken, Task> follow, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await follow(end);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                Log.WatchBroke(logger, fault);
                await Task.Delay(AfterFault, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowCatalogAsync(CancellationToken end)
    {
        ConsulWatch watch = new() { Time = time, Failed = CatalogFailed };
        await foreach (IReadOnlyDictionary<string, IReadOnlyList<string>> services in watch.FollowAsync(registry.CatalogServicesAsync, end))
        {
            if (!state.IsConnected) Log.RegistryAnswers(logger, services.Count);
            state.IsConnected = true;
            ImmutableSortedSet<string> names = Usable(services.Keys);
            foreach (string name in names)
                if (!_watches.ContainsKey(name)) _watches.Add(name, new ServiceWatch(this, name, end));
            string[] vanished = [.. _watches.Keys.Where(name => !names.Contains(name))];
            foreach (string name in vanished)
            {
                _watches.Remove(name, out ServiceWatch? ended);
                await ended!.StopAsync();
            }

            state.Change(picture => picture with { Names = names, Services = picture.Services.RemoveRange(vanished) });
        }
    }

    private void CatalogFailed(ConsulException fault, int failures)
    {
        state.IsConnected = false;
        if (failures == 1) Log.RegistryAway(logger, fault.Message);
        MarkAway(null, fault);
    }

    // A refusal is the registry's will and no outage; only silence may mean that it comes back having forgotten.
    private void MarkAway(string? service, ConsulException fault)
    {
        if (fault.Status is null) state.Change(picture => picture.Away(service, time.GetUtcNow()));
    }

    // Consul lists itself; it is no service of the system. A name with which no question can be asked is left out.
    private ImmutableSortedSet<string> Usable(IEnumerable<string> names)
    {
        ImmutableSortedSet<string> usable = names.Where(name => name is not ("consul" or "" or "." or "..")).ToImmutableSortedSet(StringComparer.Ordinal);
        int max = options.Value.Discovery.ServicesMax;
        if (usable.Count <= max) return usable;
        foreach (string name in usable.Skip(max).Where(_leftOut.Add)) Log.ServiceLeftOut(logger, name, max);
        return usable.Take(max).ToImmutableSortedSet(StringComparer.Ordinal);
    }

    private async Task FollowPoliciesAsync(CancellationToken end)
    {
        ConsulWatch watch = new() { Time = time, Failed = PoliciesFailed };
        await foreach (IReadOnlyList<KeyValueEntry> entries in watch.FollowAsync((blocking, c) => registry.GetKeysAsync(PolicyPrefix, blocking, c), end))
            state.Change(picture => picture with
            {
                ArePoliciesKnown = true,
                Policies = entries.Where(entry => entry.Key.Length > PolicyPrefix.Length)
                    .ToImmutableDictionary(entry => entry.Key[PolicyPrefix.Length..], entry => entry.Value),
            });
    }

    private void PoliciesFailed(ConsulException fault, int failures)
    {
        if (fault.Status is null) return; // the catalog's watch reports that
        if (failures == 1) Log.PoliciesUnreadable(logger, fault.Message);
        if (!state.Picture.ArePoliciesKnown) state.Change(picture => picture with { ArePoliciesKnown = true });
    }

    /// <summary>The watch of one service, which lives as long as the catalog lists it.</summary>
    private sealed class ServiceWatch
    {
        private readonly CancellationTokenSource _end;
        private readonly Task _following;

        public ServiceWatch(RegistryLoop loop, string name, CancellationToken stopping)
        {
            _end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            _following = loop.KeepAsync(end => FollowAsync(loop, name, end), _end.Token);
        }

        public async Task StopAsync()
        {
            await _end.CancelAsync();
            await _following;
            _end.Dispose();
        }

        private static async Task FollowAsync(RegistryLoop loop, string name, CancellationToken end)
        {
            ConsulWatch watch = new() { Time = loop.Time, Failed = (fault, _) => loop.MarkAway(name, fault) };
            await foreach (IReadOnlyList<ServiceInstance> instances in watch.FollowAsync(
                (blocking, cancellation) => loop.Registry.HealthServiceAsync(name, passingOnly: false, blocking, cancellation), end))
                loop.State.Change(picture => picture.With(name, instances));
        }
    }

    private TimeProvider Time => time;

    private ConsulClient Registry => registry;

    private RegistryState State => state;

    private static partial class Log
    {
        [LoggerMessage(5001, LogLevel.Information, "The registry answers and lists {Count} services")]
        public static partial void RegistryAnswers(ILogger logger, int count);

        [LoggerMessage(5002, LogLevel.Warning, "The registry does not answer; the last routes stay in use: {Fault}")]
        public static partial void RegistryAway(ILogger logger, string fault);

        [LoggerMessage(5003, LogLevel.Warning, "Service {Service} was left out: more than {Max} services (Gateway:Discovery:ServicesMax)")]
        public static partial void ServiceLeftOut(ILogger logger, string service, int max);

        [LoggerMessage(5004, LogLevel.Warning, "The policies cannot be read; the last ones stay in use: {Fault}")]
        public static partial void PoliciesUnreadable(ILogger logger, string fault);

        [LoggerMessage(5005, LogLevel.Error, "A watch of the registry failed and is begun again")]
        public static partial void WatchBroke(ILogger logger, Exception fault);
    }
}
