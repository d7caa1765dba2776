using Quintet.Manifest;
using Quintet.Supervision.State;

namespace Quintet.Supervision.Plan;

/// <summary>
/// Which of the user's own engines have an account for each service, as <c>quintet engines apply</c> noted it. What it noted is used whole
/// or refused: an account that is missing or may do too little would show as a service that cannot start.
/// </summary>
internal sealed class EngineAccounts(StateFolder state)
{
    private const string Remedy = "run 'quintet engines apply'";

    private volatile EngineRecord _record = EngineRecord.Read(state);

    public bool HasBroker => _record.Broker is not null;

    public bool HasRegistry => _record.Registry is { HasAccounts: true };

    public bool HasDatabase => _record.Database is not null;

    /// <summary>Before a start.</summary>
    /// <exception cref="ConflictException">What was applied is not what the manifest wants.</exception>
    public void Check(SystemManifest manifest)
    {
        string[] faults = [.. Faults(manifest)];
        if (faults.Length > 0) throw new ConflictException(string.Join('\n', faults));
    }

    /// <summary>What was applied and is not what the manifest wants, one sentence each.</summary>
    public IEnumerable<string> Faults(SystemManifest manifest) => Faults(_record, manifest);

    /// <summary>Before a deploy: the record is read again, since a new service needs an account first.</summary>
    /// <exception cref="ConflictException">What was applied is not what the service wants.</exception>
    public void Take(SystemManifest running, ServiceManifest wanted)
    {
        EngineRecord record = EngineRecord.Read(state);
        string[] faults = [.. Faults(record, running with { Services = [wanted] })];
        if (faults.Length > 0) throw new ConflictException(string.Join('\n', faults));
        _record = record;
    }

    /// <summary>Where all services share the credentials of the environment, one sentence each.</summary>
    public IEnumerable<string> Warnings(EnginesManifest engines)
    {
        if (engines.Broker is not null && _record.Broker is null) yield return Shared("broker");
        if (engines.Registry is not null && _record.Registry is null) yield return Shared("registry");
    }

    private static string Shared(string engine) =>
        $"all services share one account at engines.{engine}; 'quintet engines apply' gives each its own, which may do what the manifest says";

    private static IEnumerable<string> Faults(EngineRecord record, SystemManifest manifest) =>
    [
        .. Faults("broker", manifest.Engines.Broker, record.Broker, manifest),
        .. BrokerFaults(record.Broker, manifest),
        .. Faults("registry", manifest.Engines.Registry, record.Registry, manifest),
        .. Faults("database", manifest.Engines.Database, record.Database, manifest),
        // One account for all is no way out here: no service may see the database of another.
        .. manifest.Engines.Database is not null && record.Database is null
            ? [$"no service has a database at engines.database yet; {Remedy}"]
            : Array.Empty<string>(),
    ];

    private static IEnumerable<string> Faults(string engine, Uri? url, AppliedEngine? applied, SystemManifest manifest)
    {
        if (url is null || applied is null) yield break;
        if (Endpoints.Text(url) != applied.Url) yield return $"engines.{engine} is {Endpoints.Text(url)}, but {applied.Url} was set up; {Remedy}";
        else if (manifest.System != applied.System)
            yield return $"the accounts at engines.{engine} are those of the system '{applied.System}', and this is '{manifest.System}'; {Remedy}";
        else
            foreach (ServiceManifest service in manifest.Services.Where(s => applied.Services.All(a => a.Name != s.Name)))
                yield return $"{service.Name} has no account at engines.{engine} yet; {Remedy}";
    }

    private static IEnumerable<string> BrokerFaults(AppliedEngine? applied, SystemManifest manifest)
    {
        if (manifest.Engines.Broker is null || applied is null) yield break;
        foreach (ServiceManifest service in manifest.Services)
        {
            if (applied.Services.FirstOrDefault(a => a.Name == service.Name) is not { } account) continue;
            // More than is wanted is no fault: instances of the former version may still need it.
            string[] missing = [.. service.Publishes.Except(account.Publishes), .. service.Subscribes.Except(account.Subscribes)];
            if (missing.Length > 0) yield return $"the account of {service.Name} at engines.broker does not reach {string.Join(", ", missing)} yet; {Remedy}";
        }

        if (manifest.History is not null && manifest.History != applied.History)
            yield return $"history: is not set up at engines.broker as the manifest has it; {Remedy}";
    }
}
