using System.Text.Json.Nodes;
using Quintet.Broker.Access;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Migration;

/// <summary>What a file of definitions asks for, understood and checked; nothing of it is done yet.</summary>
internal sealed class ImportPlan
{
    public List<UserSettings> Users { get; } = [];

    /// <summary>Names, and what each file says of them.</summary>
    public List<(string Name, Func<VirtualHostSettings, VirtualHostSettings> Describe)> VirtualHosts { get; } = [];

    public List<(string User, Permission Permission)> Permissions { get; } = [];

    public List<(string User, TopicPermission Permission)> TopicPermissions { get; } = [];

    public List<(string Vhost, Func<VirtualHostSettings, VirtualHostSettings> Describe)> Limits { get; } = [];

    public List<(string Name, JsonNode? Value)> GlobalParameters { get; } = [];

    public List<Policy> Policies { get; } = [];

    public List<ExchangeSettings> Exchanges { get; } = [];

    public List<QueueSettings> Queues { get; } = [];

    public List<DeclaredBinding> Bindings { get; } = [];

    /// <summary>Each with the place in the file.</summary>
    public List<string> Faults { get; } = [];
}
