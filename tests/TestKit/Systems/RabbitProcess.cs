using System.Net.Sockets;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Systems;

/// <summary>
/// A RabbitMQ node with its management and Prometheus plugins, from Debian's package, on free ports and in a folder of its own: the engine that
/// users of the broker move to. It and the port mapper it needs end with this.
/// </summary>
public sealed class RabbitProcess : IAsyncDisposable
{
    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    // Not a TempFolder: RabbitMQ's scripts do not bear the blank in its name.
    private readonly string home = Directory.CreateTempSubdirectory("quintet-rabbit-").FullName;
    private ChildProcess portMapper = null!;
    private ChildProcess node = null!;

    public int Port { get; } = FreePort.Take();

    public int ManagementPort { get; } = FreePort.Take();

    /// <summary>Where its Prometheus plugin answers.</summary>
    public int MetricsPort { get; } = FreePort.Take();

    public static async Task<RabbitProcess> StartAsync(CancellationToken cancellation)
    {
        Need.DebianFile(Server, "rabbitmq-server");
        var started = new RabbitProcess();
        started.Start();
        using var probe = new HttpClient(new SocketsHttpHandler());
        await Eventually.TrueAsync(
            "RabbitMQ's management answers, and it takes connections",
            async () =>
            {
                if (started.node.HasExited) throw new InvalidOperationException("RabbitMQ ended");
                using TcpClient amqp = new(); // the two ports open in either order
                await amqp.ConnectAsync("127.0.0.1", started.Port, cancellation);
                return (int)(await probe.GetAsync(new Uri($"http://127.0.0.1:{started.ManagementPort}/api/whoami"), cancellation)).StatusCode == 401;
            },
            cancellation,
            () => started.node.Output);
        return started;
    }

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync();
        await portMapper.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    private void Start()
    {
        int mapper = FreePort.Take();
        File.WriteAllText(Path.Combine(home, "enabled"), "[rabbitmq_management,rabbitmq_prometheus].");
        Dictionary<string, string?> environment = new()
        {
            ["HOME"] = home,
            ["RABBITMQ_NODENAME"] = $"conformance{Port}@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = $"{Port}",
            ["RABBITMQ_DIST_PORT"] = $"{FreePort.Take()}",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(home, "db"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(home, "log"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(home, "enabled"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
                $"-rabbitmq_management listener [{{port,{ManagementPort}}},{{ip,\"127.0.0.1\"}}]"
                + $" -rabbitmq_prometheus tcp_config [{{port,{MetricsPort}}},{{ip,\"127.0.0.1\"}}]"
                // Its statistics are seen soon after what they count; a second is the least it can divide by.
                + " -rabbit collect_statistics_interval 1000",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = $"{mapper}",
        };
        // Erlang would leave its port mapper running behind; one of our own ends with us.
        portMapper = ChildProcess.Start(Need.Program("epmd", "erlang-base"), ["-port", $"{mapper}", "-address", "127.0.0.1"], home, environment);
        node = ChildProcess.Start(Server, [], home, environment);
    }
}
