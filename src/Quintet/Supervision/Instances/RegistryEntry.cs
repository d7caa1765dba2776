using System.Globalization;
using Quintet.Client.Consul;
using Quintet.Manifest;

namespace Quintet.Supervision.Instances;

/// <summary>The place of one instance in the registry. Calls that fail are put off, never fatal: the registry may be away.</summary>
internal sealed class RegistryEntry(RegistryView view, ServiceManifest service, string id, int port)
{
    // The registry looks often enough that a dead instance is out within a second even without the supervisor's help.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(10);

    private bool _isInMaintenance;
    private bool _isRegistered;

    /// <summary>Whether the instance passes; null while the registry has not told.</summary>
    public bool? IsPassing => view.IsPassing(service.Name, id);

    /// <summary>A process is about to start. From then on the id may be its own, when it registers itself.</summary>
    public Task ExpectAsync() => service.RegisteredBy == RegisteredBy.Self ? view.Withdrawals.EndAsync(id) : Task.CompletedTask;

    /// <summary>Registers a program that does not register itself, and again when the registry lost it. Call it while the instance is well.</summary>
    /// <param name="build">The deployed build, for the metadata; 0 for none.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task AnnounceAsync(int build, CancellationToken cancellation)
    {
        await view.Withdrawals.EndAsync(id);
        // It was drained for a restart, and the registry was away when its old registration should have gone: the mark would stay on the new one.
        if (_isInMaintenance)
            _isInMaintenance = !await view.TryAsync(client => client.SetMaintenanceAsync(id, enable: false, cancellation: cancellation), cancellation);
        if (service.RegisteredBy != RegisteredBy.Supervisor || (_isRegistered && view.Knows(service.Name, id) is not false)) return;
        ServiceDeclaration declaration = new()
        {
            Version = build.ToString(CultureInfo.InvariantCulture),
            Routes = service.Routes,
            Publishes = service.Publishes,
            Subscribes = service.Subscribes,
            Calls = service.Calls,
        };
        ServiceCheck check = new()
        {
            Http = service.Health is null ? null : new Uri($"http://127.0.0.1:{port}{service.Health}"),
            Tcp = service.Health is null ? $"127.0.0.1:{port}" : null,
            Interval = CheckInterval,
            Timeout = CheckTimeout,
            DeregisterCriticalServiceAfter = ForgetAfter,
            Status = InstanceStatus.Passing, // the supervisor has just looked itself
        };
        ServiceRegistration registration = new(id, service.Name, "127.0.0.1", port) { Meta = declaration.ToMeta(), Checks = [check] };
        // What the registry has under this id before the first time is from a run that was killed, and has another port.
        _isRegistered = await view.TryAsync(client => client.RegisterAsync(registration, cancellation), cancellation);
    }

    /// <summary>Takes the instance out of the list of passing ones while it still works. Maintenance and not deregistration: a
    /// service that watches over its own registration would undo the latter.</summary>
    public async Task DrainAsync(CancellationToken cancellation) =>
        _isInMaintenance = await view.TryAsync(client => client.SetMaintenanceAsync(id, enable: true, "stopping", cancellation), cancellation);

    /// <summary>Removes the instance, now or as soon as the registry can be told.</summary>
    public async Task WithdrawAsync()
    {
        _isRegistered = false;
        if (await view.Withdrawals.WithdrawAsync(id)) _isInMaintenance = false;
    }
}
