using Quintet.Manifest;
using Quintet.Supervision.Instances;
using Quintet.Supervision.State;

namespace Quintet.Supervision.Plan;

/// <summary>
/// The manifest as far as it is in force: what the system was started with, and since then each service as it was deployed last. What the
/// boxes are told of the services follows it.
/// </summary>
internal sealed class AppliedManifest
{
    private readonly Lock _gate = new();
    private readonly SystemRun _system;
    private readonly Func<SystemManifest, bool> _tellBoxes;
    private SystemManifest _current;

    /// <param name="system">The run.</param>
    /// <param name="started">What the system is started with.</param>
    /// <param name="endpoints">Where the boxes listen.</param>
    /// <param name="secrets">The users' credentials.</param>
    /// <param name="credentials">Who presents which of them.</param>
    public AppliedManifest(SystemRun system, SystemManifest started, Endpoints endpoints, Secrets secrets, Credentials credentials)
    {
        (_system, _current) = (system, started);
        _tellBoxes = manifest => new BoxSettingsFiles(manifest, endpoints, system.State, secrets, credentials).Write();
    }

    public SystemManifest Current
    {
        get { lock (_gate) return _current; }
    }

    /// <summary>Writes what the boxes are told, before they start.</summary>
    public void Write() => _tellBoxes(Current);

    /// <summary>The file as it is now.</summary>
    /// <exception cref="ChangeException">It is faulty or gone; nothing has changed then.</exception>
    public SystemManifest ReadAgain()
    {
        try
        {
            return ManifestReader.Read(Current.File);
        }
        catch (ManifestException fault)
        {
            throw new ChangeException(400, $"{Path.GetFileName(Current.File)} is faulty; nothing was changed", fault.Faults);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ChangeException(400, $"{fault.Message}; nothing was changed");
        }
    }

    /// <summary>The keys that differ and take effect with the next start only.</summary>
    public IReadOnlyList<string> HeldBack(SystemManifest read)
    {
        SystemManifest now = Current;
        List<string> keys = [];
        if (read.System != now.System) keys.Add("system");
        if (read.Engines.Broker != now.Engines.Broker) keys.Add("engines.broker");
        if (read.Engines.Registry != now.Engines.Registry) keys.Add("engines.registry");
        if (read.Engines.Management != now.Engines.Management) keys.Add("engines.management");
        if (read.Engines.Configuration != now.Engines.Configuration) keys.Add("engines.configuration");
        if (read.Engines.Database != now.Engines.Database) keys.Add("engines.database");
        if (read.Ports.Gateway != now.Ports.Gateway) keys.Add("ports.gateway");
        if (read.Ports.Registry != now.Ports.Registry) keys.Add("ports.registry");
        if (read.Ports.Broker != now.Ports.Broker) keys.Add("ports.broker");
        if (read.Ports.Management != now.Ports.Management) keys.Add("ports.management");
        if (read.Ports.Configuration != now.Ports.Configuration) keys.Add("ports.configuration");
        if (read.Ports.Console != now.Ports.Console) keys.Add("ports.console");
        if (read.Ports.Telemetry != now.Ports.Telemetry) keys.Add("ports.telemetry");
        if (read.History != now.History) keys.Add("history");
        return keys;
    }

    /// <summary>
    /// Gives a service what it needs in its old and in its new form, for as long as instances of both run, and waits until the boxes have
    /// taken it over: a program that is refused at its start would take it for final.
    /// </summary>
    public async Task AllowBothAsync(ServiceManifest old, ServiceManifest next, CancellationToken cancellation)
    {
        ServiceManifest both = next with
        {
            Publishes = [.. old.Publishes.Union(next.Publishes)],
            Subscribes = [.. old.Subscribes.Union(next.Subscribes)],
        };
        if (Apply(both)) await Task.Delay(_system.Options.SettingsReload, _system.Time, cancellation);
    }

    /// <summary>Puts a service in force, in the place of its former self if there is one.</summary>
    /// <returns>Whether any box has to be told.</returns>
    public bool Apply(ServiceManifest service)
    {
        lock (_gate)
        {
            bool isKnown = _current.Services.Any(s => s.Name == service.Name);
            IEnumerable<ServiceManifest> services = isKnown
                ? _current.Services.Select(s => s.Name == service.Name ? service : s)
                : _current.Services.Append(service);
            return PutInForce([.. services]);
        }
    }

    /// <summary>Takes a service out again that did not come up.</summary>
    public void Remove(string service)
    {
        lock (_gate) PutInForce([.. _current.Services.Where(s => s.Name != service)]);
    }

    private bool PutInForce(IReadOnlyList<ServiceManifest> services)
    {
        SystemManifest next = _current with { Services = services };
        bool isNews = _tellBoxes(next);
        _current = next;
        return isNews;
    }
}
