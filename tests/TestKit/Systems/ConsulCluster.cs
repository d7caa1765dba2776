using System.Globalization;
using System.Text.Json;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Systems;

/// <summary>
/// Three servers of Consul and the agent beside the services, with access control on and everything denied that no token allows: the engine
/// that users of the registry move to. Consul 1.8.7 is what Debian had last; <c>.ci/fetch-consul</c> unpacks it.
/// </summary>
public sealed class ConsulCluster : IAsyncDisposable
{
    private const int Servers = 3;

    private readonly TempFolder folder = new();
    private readonly List<ConsulAgent> servers;
    private readonly ConsulAgent agent;

    private ConsulCluster(string program)
    {
        int[] joins = [.. Enumerable.Range(0, Servers).Select(_ => FreePort.Take())];
        servers = [.. joins.Select((join, index) => new ConsulAgent(program, folder, Settings($"server-{index + 1}", FreePort.Take(), join, joins, true)))];
        AgentPort = FreePort.Take();
        agent = new ConsulAgent(program, folder, Settings("agent", AgentPort, FreePort.Take(), joins, isServer: false));
    }

    /// <summary>The token that may do everything, as the operator of a cluster keeps it.</summary>
    public string ManagementToken { get; } = Guid.NewGuid().ToString();

    /// <summary>The agent's address; services talk to their own agent, never to the servers.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{AgentPort}");

    private int AgentPort { get; }

    public static async Task<ConsulCluster> StartAsync(CancellationToken cancellation)
    {
        var cluster = new ConsulCluster(Need.Unpacked("artifacts/engines/consul/consul", ".ci/fetch-consul"));
        try
        {
            foreach (ConsulAgent server in cluster.servers) server.Start();
            cluster.agent.Start();
            await cluster.BecomeReadyAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL to the server that leads.</summary>
    /// <returns>Which it was, for <see cref="RestartServerAsync"/>.</returns>
    public async Task<int> KillLeaderAsync(CancellationToken cancellation)
    {
        string leader = await Eventually.GetAsync("Consul has a leader", () => LeaderAsync(cancellation), cancellation);
        int index = servers.FindIndex(s => s.RpcAddress == leader);
        await servers[index].KillAsync();
        return index;
    }

    /// <summary>Starts a killed server again on its data, and waits until the cluster leads and the agent answers.</summary>
    public async Task RestartServerAsync(int index, CancellationToken cancellation)
    {
        servers[index].Start();
        await BecomeReadyAsync(cancellation);
    }

    /// <summary>Stops every server where it stands (SIGSTOP), so that nothing answers and nothing is refused.</summary>
    public void PauseServers() => servers.ForEach(s => s.Pause());

    public void ResumeServers() => servers.ForEach(s => s.Resume());

    public async ValueTask DisposeAsync()
    {
        foreach (ConsulAgent process in servers.Append(agent)) await process.KillAsync();
        folder.Dispose();
    }

    /// <summary>Until tokens are known and the agent itself stands in the catalogue: before that it can register nothing.</summary>
    private Task BecomeReadyAsync(CancellationToken cancellation) => Eventually.TrueAsync(
        "Consul's agent is in the catalogue",
        async () =>
        {
            using HttpClient http = Client();
            string nodes = await http.GetStringAsync(new Uri("/v1/catalog/nodes", UriKind.Relative), cancellation);
            return nodes.Contains("\"agent\"", StringComparison.Ordinal);
        },
        cancellation,
        () => string.Join('\n', servers.Append(agent).Select(s => s.Output)));

    private async Task<string?> LeaderAsync(CancellationToken cancellation)
    {
        using HttpClient http = Client();
        string leader = JsonSerializer.Deserialize<string>(await http.GetStringAsync(new Uri("/v1/status/leader", UriKind.Relative), cancellation))!;
        return servers.Any(s => s.RpcAddress == leader) ? leader : null;
    }

    private HttpClient Client()
    {
        var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(Address), Timeout = TimeSpan.FromSeconds(5) };
        http.DefaultRequestHeaders.Add("X-Consul-Token", ManagementToken);
        return http;
    }

    private ConsulAgentSettings Settings(string name, int port, int join, int[] joins, bool isServer) => new(
        name,
        isServer ? FreePort.Take() : 0,
        new Dictionary<string, object>
        {
            ["node_name"] = name,
            ["data_dir"] = folder[name],
            ["server"] = isServer,
            ["bind_addr"] = "127.0.0.1",
            ["client_addr"] = "127.0.0.1",
            ["retry_join"] = joins.Select(j => $"127.0.0.1:{j}").ToArray(),
            ["retry_interval"] = "1s",
            ["disable_update_check"] = true,
            ["log_level"] = "WARN",
            ["performance"] = new { raft_multiplier = 1 },
            ["acl"] = new { enabled = true, default_policy = "deny", tokens = new { master = ManagementToken, agent = ManagementToken } },
        },
        new Dictionary<string, int> { ["http"] = port, ["serf_lan"] = join, ["serf_wan"] = -1, ["dns"] = -1 },
        isServer ? Servers : 0);
}
