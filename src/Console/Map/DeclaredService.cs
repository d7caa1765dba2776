using Quintet.Client.Consul;
using Quintet.Client.Supervisor;
using Quintet.Console.Parts;

namespace Quintet.Console.Map;

/// <summary>A service as its instances and its processes describe it.</summary>
internal sealed class DeclaredService
{
    private readonly ServiceDeclaration[] _declarations;

    public DeclaredService(string name, IReadOnlyList<ServiceInstance> instances, IReadOnlyList<SystemProcess> processes)
    {
        Name = name;
        Instances = instances;
        Processes = processes;
        _declarations = [.. instances.Select(instance => ServiceDeclaration.Of(instance.Meta))];
        Routes = Union(declaration => declaration.Routes);
        Publishes = Union(declaration => declaration.Publishes);
        Subscribes = Union(declaration => declaration.Subscribes);
        Calls = Union(declaration => declaration.Calls);
    }

    public string Name { get; }

    public IReadOnlyList<ServiceInstance> Instances { get; }

    public IReadOnlyList<SystemProcess> Processes { get; }

    /// <summary>How many of it there are, to the supervisor, or to the registry where there is no supervisor.</summary>
    public int Count => Processes.Count > 0 ? Processes.Count : Instances.Count;

    public IReadOnlyList<string> Routes { get; }

    public IReadOnlyList<string> Publishes { get; }

    public IReadOnlyList<string> Subscribes { get; }

    public IReadOnlyList<string> Calls { get; }

    public string? Database => _declarations.Select(declaration => declaration.Database).FirstOrDefault(database => database is not null);

    /// <summary>Whether it says what it does, so that what it does besides is worth a look.</summary>
    public bool SaysWhatItDoes => Array.Exists(_declarations, declaration => declaration is { Version: not null, IsCut: false });

    /// <summary>Whether a queue is its own: every name that a service declares at the broker begins with its own.</summary>
    public bool Owns(string queue) => queue.StartsWith($"{Name}.", StringComparison.Ordinal);

    /// <summary>How it is, worst first.</summary>
    public (string Level, string Says, int Ready) Health()
    {
        int all = Count;
        int ready = Processes.Count > 0 ? Processes.Count(IsWell) : Instances.Count(IsPassing);
        string says = ready == all ? Figures.Count(all, "instance") : $"{ready} of {all} ready";
        if (all == 0) return (Summary.Idle, "no instance", 0);
        return (ready == all ? Summary.Ok : ready == 0 ? Summary.Failing : Summary.Warning, says, ready);
    }

    /// <summary>A process that works gets requests only while the registry knows it as well.</summary>
    private bool IsWell(SystemProcess process) =>
        process.State == "ready" && (Instances.FirstOrDefault(instance => instance.Id == process.Instance) is not { } registered || IsPassing(registered));

    private static bool IsPassing(ServiceInstance instance) => instance.Status is InstanceStatus.Passing or InstanceStatus.Warning;

    private string[] Union(Func<ServiceDeclaration, IReadOnlyList<string>> of) =>
        [.. _declarations.SelectMany(of).Distinct().Order(StringComparer.Ordinal)];
}
