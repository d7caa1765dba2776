using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary>
/// Writes this registry itself into its catalog: its node, the check that it is alive, and the service <c>consul</c>, all of which
/// clients look for.
/// </summary>
internal sealed class LocalNode(CommitLoop commits, IOptions<RegistryOptions> options) : IHostedService
{
    public const string AliveCheck = "serfHealth";

    public Task StartAsync(CancellationToken cancellationToken) => commits.WriteAsync(Write);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Write(Draft draft)
    {
        string name = options.Value.NodeName is { Length: > 0 } configured ? configured : Environment.MachineName;
        NodeEntry? before = draft.State.Nodes.GetValueOrDefault(draft.State.LocalNode);
        draft.PutNode(new NodeRow
        {
            Id = before?.Row.Id is { Length: > 0 } id ? id : Guid.NewGuid().ToString(),
            Name = name,
            Address = options.Value.NodeAddress,
            TaggedAddresses = AddressesOf(options.Value.NodeAddress),
            Meta = ImmutableSortedDictionary<string, string>.Empty.Add("consul-network-segment", ""),
        });
        draft.SetLocalNode(name);
        if (before is not null && !before.Row.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) Move(draft, before, name);
        draft.PutCheck(new CheckRow
        {
            Node = name, Id = AliveCheck, Name = "Serf Health Status", Status = CheckStatus.Passing, Output = "Agent alive and reachable",
        });
        draft.PutService(new ServiceRow
        {
            Node = name,
            Id = "consul",
            Name = "consul",
            Port = 8300,
            Meta = ImmutableSortedDictionary<string, string>.Empty
                .Add("non_voter", "false").Add("raft_version", "3")
                .Add("serf_protocol_current", "2").Add("serf_protocol_max", "5").Add("serf_protocol_min", "1")
                .Add("version", AgentRoutes.ApiLevel),
        });
    }

    /// <summary>The node got another name: what was registered stays registered, under the new one.</summary>
    private static void Move(Draft draft, NodeEntry before, string name)
    {
        draft.RemoveNode(before.Row.Name);
        foreach (CheckRow check in before.Checks.Values) draft.PutCheck(check with { Node = name });
        foreach (InstanceEntry instance in before.Instances.Values)
        {
            draft.PutService(instance.Row with { Node = name });
            foreach (CheckRow check in instance.Checks.Values) draft.PutCheck(check with { Node = name });
        }
    }

    private static ImmutableSortedDictionary<string, string> AddressesOf(string address)
    {
        var addresses = ImmutableSortedDictionary<string, string>.Empty.Add("lan", address).Add("wan", address);
        if (!IPAddress.TryParse(address, out IPAddress? ip)) return addresses;
        string family = ip.AddressFamily == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4";
        return addresses.Add($"lan_{family}", address).Add($"wan_{family}", address);
    }
}
