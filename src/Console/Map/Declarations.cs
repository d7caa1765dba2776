using Quintet.Client.Consul;
using Quintet.Client.Supervisor;
using Quintet.Console.Parts;

namespace Quintet.Console.Map;

/// <summary>
/// All that the parts say they are and do: routes, events and calls from the registry, queues and bindings from the broker. It knows nothing of
/// what flows, so that the picture stands still.
/// </summary>
internal sealed class Declarations
{
    /// <summary>The exchange of all events.</summary>
    public const string Events = "events";

    /// <summary>Parts that everything stands on; they are no stops of a request's way.</summary>
    private static readonly string[] Ground = ["registry", "broker", "config", "console", "supervisor"];

    private readonly Dictionary<string, DeclaredService> _services;
    private readonly Dictionary<string, DeclaredQueue> _queues;
    private readonly Dictionary<Way, string> _edges = [];

    public Declarations(SystemPicture picture)
    {
        Picture = picture;
        IReadOnlyList<ServiceInstance> instances = picture.Registry.Value ?? [];
        _services = instances.Select(instance => instance.Name).Concat(picture.Processes.Select(process => process.Part))
            .Where(name => name != "gateway" && !Ground.Contains(name)).Distinct().ToDictionary(name => name, name => new DeclaredService(
                name, [.. instances.Where(instance => instance.Name == name)], [.. picture.Processes.Where(process => process.Part == name)]));
        _queues = DeclaredQueue.Of(picture.Queues.Value, _services.Values).ToDictionary(queue => queue.Name);
        Connect();
    }

    public SystemPicture Picture { get; }

    public IReadOnlyCollection<DeclaredService> Services => _services.Values;

    public IReadOnlyCollection<DeclaredQueue> Queues => _queues.Values;

    /// <summary>What goes each way.</summary>
    public IReadOnlyDictionary<Way, string> Edges => _edges;

    public IReadOnlyList<SystemProcess> Gateway => [.. Picture.Processes.Where(process => process.Part == "gateway")];

    public DeclaredService? Service(string name) => _services.GetValueOrDefault(name);

    public DeclaredQueue? Queue(string name) => _queues.GetValueOrDefault(name);

    /// <summary>The part at an address, for calls to one that sends no telemetry.</summary>
    public string? PartAt(string address) =>
        Picture.Registry.Value?.FirstOrDefault(instance => $"{instance.Address}:{instance.Port}" == address)?.Name
        ?? Picture.Processes.FirstOrDefault(process =>
            Uri.TryCreate(process.Endpoint, UriKind.Absolute, out Uri? endpoint) && endpoint.Authority == address)?.Part;

    /// <summary>Whether a name, as telemetry has it, is that of a part which is not on the map.</summary>
    public static bool IsGround(string part) => Ground.Contains(part);

    /// <summary>The queues that take something which a service publishes, and to what exchange.</summary>
    public IEnumerable<DeclaredQueue> FedBy(DeclaredService service, string exchange) =>
        exchange == Events ? Queues.Where(queue => service.Publishes.Any(type => queue.Takes(exchange, type))) : [];

    /// <summary>Those that a service takes from.</summary>
    public IEnumerable<DeclaredQueue> OwnedBy(string service) => Service(service) is { } owner ? Queues.Where(queue => owner.Owns(queue.Name)) : [];

    /// <summary>A service has one, whatever its name at the server.</summary>
    public static NodeKey DatabaseOf(DeclaredService service) => new(NodeKind.Database, service.Name);

    /// <summary>Where a service stands: its queues decide, and where they do not, whether requests come to it.</summary>
    public MapLayer LayerOf(string service)
    {
        if (Service(service) is not { } declared) return MapLayer.Front;
        int surplus = FedBy(declared, Events).Count() - OwnedBy(service).Count();
        bool isBehind = surplus < 0 || (surplus == 0 && declared.Routes.Count == 0 && OwnedBy(service).Any());
        return isBehind ? MapLayer.Behind : MapLayer.Front;
    }

    private void Connect()
    {
        foreach (DeclaredService service in Services)
        {
            NodeKey key = NodeKey.Service(service.Name);
            if (service.Routes.Count > 0) _edges[new Way(NodeKey.Gateway, key)] = string.Join(", ", service.Routes);
            foreach (string called in service.Calls) _edges[new Way(key, NodeKey.Service(called))] = "calls";
            if (service.Database is { } database) _edges[new Way(key, DatabaseOf(service))] = database;
            foreach (DeclaredQueue queue in OwnedBy(service.Name)) _edges[new Way(NodeKey.Queue(queue.Name), key)] = "takes";
            if (Picture.Queues.Value is not null) ConnectEvents(service, key); // without the broker nobody knows who gets what
        }

        if (Services.Any(service => service.Routes.Count > 0)) _edges[new Way(NodeKey.Outside, NodeKey.Gateway)] = "requests";
    }

    private void ConnectEvents(DeclaredService service, NodeKey key)
    {
        foreach (DeclaredQueue queue in FedBy(service, Events))
            _edges[new Way(key, NodeKey.Queue(queue.Name))] = string.Join(", ", service.Publishes.Where(type => queue.Takes(Events, type)));
        string[] unheard = [.. service.Publishes.Where(type => !Queues.Any(queue => queue.Takes(Events, type)))];
        if (unheard.Length > 0) _edges[new Way(key, new NodeKey(NodeKind.Exchange, Events))] = $"{string.Join(", ", unheard)}: no queue takes it";

        foreach (string type in service.Subscribes.Where(type => !OwnedBy(service.Name).Any(queue => queue.Takes(Events, type))))
            _edges[new Way(NodeKey.Queue($"{service.Name}.{type}"), key)] = $"{type}: there is no queue of it";
    }
}
