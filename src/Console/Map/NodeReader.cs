using Quintet.Client.Supervisor;
using Quintet.Console.Parts;

namespace Quintet.Console.Map;

/// <summary>Tells of each node how it is.</summary>
internal sealed class NodeReader(Declarations declared)
{
    public MapNode Read(NodeKey key) => key.Kind switch
    {
        NodeKind.Outside => new MapNode(key, MapLayer.Outside) { Says = "callers" },
        NodeKind.Gateway => Gateway(key),
        NodeKind.Service => Service(key),
        NodeKind.Queue => Queue(key),
        NodeKind.Exchange => new MapNode(key, MapLayer.Broker) { Says = "exchange" },
        NodeKind.Database => new MapNode(key, MapLayer.Stores) { Says = declared.Service(key.Name)?.Database ?? "database" },
        NodeKind.Mail => new MapNode(key, MapLayer.Stores) { Says = "mail" },
        _ => new MapNode(key, MapLayer.Stores) { Says = "other host" },
    };

    private MapNode Gateway(NodeKey key)
    {
        IReadOnlyList<SystemProcess> processes = declared.Gateway;
        int ready = processes.Count(process => process.State == "ready");
        return new MapNode(key, MapLayer.Gateway)
        {
            Level = processes.Count == 0 ? null : Summary.LevelOf(processes.FirstOrDefault(process => process.State != "ready")?.State ?? "ready"),
            Says = processes.FirstOrDefault(process => process.State != "ready")?.State ?? (processes.Count > 0 ? "ready" : ""),
            Instances = processes.Count,
            Ready = ready,
        };
    }

    private MapNode Service(NodeKey key)
    {
        MapNode node = new(key, declared.LayerOf(key.Name));
        if (declared.Service(key.Name) is not { } service) return node with { Level = Summary.Idle, Says = "not registered" };
        (string level, string says, int ready) = service.Health();
        return node with { Level = level, Says = says, Instances = service.Count, Ready = ready };
    }

    private MapNode Queue(NodeKey key)
    {
        MapNode node = new(key, MapLayer.Broker);
        if (declared.Queue(key.Name) is not { } queue) return node with { Level = Summary.Warning, Says = "no such queue" };
        (string level, string says) = queue switch
        {
            { DeadLetters: > 0 } => (Summary.Failing, Figures.Count(queue.DeadLetters, "dead letter")),
            { Info.Consumers: 0 } => (Summary.Warning, $"no consumer, {Figures.Number(queue.Info.Messages)} waiting"),
            _ => (Summary.Ok, $"{Figures.Number(queue.Info.Messages)} waiting"),
        };
        return node with { Level = level, Says = says, Waiting = queue.Info.Messages, DeadLetters = queue.DeadLetters, DeadQueue = queue.DeadQueue };
    }
}
