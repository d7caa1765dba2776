using System.Text.Json;
using Quintet.Client.Broker;
using Quintet.Client.Consul;
using Quintet.Client.Supervisor;
using Quintet.Console.Map;
using Quintet.Console.Parts;
using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Tests.Map;

/// <summary>A system as its parts describe it, and what was seen of it.</summary>
internal sealed class Town
{
    private readonly List<ServiceInstance> _instances = [];
    private readonly List<SystemProcess> _processes = [];
    private readonly List<QueueInfo> _queues = [];
    private readonly List<BindingInfo> _bindings = [];
    private readonly List<CallEdge> _calls = [];
    private readonly List<CallEdge> _recent = [];

    /// <summary>Users and Notifications, as they declare themselves; nothing flows.</summary>
    public static Town Reference() => new Town().With("gateway")
        .With("users", new ServiceDeclaration
        {
            Version = "1", Routes = ["/users/{**rest}"], Publishes = ["users.user-created", "users.user-deleted"], Subscribes = ["notifications.user-erased"],
            Database = "SQLite",
        })
        .With("notifications", new ServiceDeclaration
        {
            Version = "1", Routes = ["/notifications/{**rest}"], Publishes = ["notifications.user-erased"],
            Subscribes = ["users.user-created", "users.user-deleted"], Calls = ["users"],
        })
        .WithQueue("notifications", "users.user-created").WithQueue("notifications", "users.user-deleted").WithQueue("users", "notifications.user-erased");

    public Town With(string service, ServiceDeclaration? declaration = null, int instances = 1, string state = "ready")
    {
        for (int number = 1; number <= instances; number++)
        {
            string id = declaration is null ? service : $"{service}-{number}";
            string endpoint = $"http://127.0.0.1:{5000 + _processes.Count}";
            _processes.Add(new SystemProcess(service, id, 7, state, endpoint, 0, 10, "", ""));
            if (declaration is not null)
                _instances.Add(new ServiceInstance(id, service, "127.0.0.1", new Uri(endpoint).Port) { Meta = declaration.ToMeta() });
        }

        return this;
    }

    /// <summary>A service that registers by itself and says nothing.</summary>
    public Town WithStranger(string service)
    {
        _instances.Add(new ServiceInstance($"{service}-1", service, "127.0.0.1", 4000));
        return this;
    }

    /// <summary>As the chassis declares one, with its stations.</summary>
    public Town WithQueue(string service, string type, int dead = 0, int consumers = 1, double? published = null)
    {
        string name = $"{service}.{type}";
        _queues.Add(Queue(name, consumers, 2, $"{service}.dead", name, published));
        _queues.Add(Queue($"{name}.dead", 0, dead, null, null, null));
        _queues.Add(Queue($"{name}.retry.1s", 0, 0, $"{service}.requeue", name, null));
        _bindings.AddRange(
            new BindingInfo("events", "/", name, "queue", type), new BindingInfo($"{service}.requeue", "/", name, "queue", name),
            new BindingInfo($"{service}.dead", "/", $"{name}.dead", "queue", name));
        return this;
    }

    public Town Seen(Peer from, Peer to, double rate = 1, double errors = 0, bool recent = true)
    {
        CallEdge edge = new(from, to, 60, rate, errors, TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(9));
        _calls.Add(edge with { Rate = rate / 15 });
        if (recent) _recent.Add(edge);
        return this;
    }

    public SystemMap Map() => SystemMap.Of(
        new SystemPicture(Now)
        {
            System = new Reading<SystemStatus>(new SystemStatus(true, "town", _processes, null), Now, null),
            Registry = new Reading<IReadOnlyList<ServiceInstance>>(_instances, Now, null),
            Queues = new Reading<QueuePicture>(new QueuePicture(_queues, _bindings), Now, null),
        },
        _calls, _recent);

    public static Peer Service(string name) => new(PeerKind.Service, name);

    private static DateTimeOffset Now => new(2026, 11, 29, 3, 0, 0, TimeSpan.Zero);

    private static QueueInfo Queue(string name, int consumers, int messages, string? deadTo, string? key, double? published)
    {
        Dictionary<string, string> arguments = [];
        if (deadTo is not null) arguments["x-dead-letter-exchange"] = deadTo;
        if (key is not null) arguments["x-dead-letter-routing-key"] = key;
        return new QueueInfo(name, "/", "quorum", true, "running", messages, messages, 0, consumers)
        {
            Arguments = JsonSerializer.SerializeToElement(arguments),
            MessageStats = published is null ? default : JsonSerializer.SerializeToElement(new { publish_details = new { rate = published } }),
        };
    }
}
