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
    private Dictionary<string, string?> environment = [];
    private ChildProcess? portMapper;
    private ChildProcess? node;

    public int Port { get; } = FreePort.Take();

    public int ManagementPort { get; } = FreePort.Take();

    /// <summary>Where its Prometheus plugin answers.</summary>
    public int MetricsPort { get; } = FreePort.Take();

    public static async Task<RabbitProcess> StartAsync(CancellationToken cancellation)
    {
        Need.DebianFile(Server, "rabbitmq-server");
        var started = new RabbitProcess();
        try
        {
            started.Prepare();
            await started.RestartAsync(cancellation);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync() => await node!.DisposeAsync();

    /// <summary>Starts it again on the same ports and data, after <see cref="KillAsync"/>, and waits until it answers.</summary>
    public async Task RestartAsync(CancellationToken cancellation)
    {
        node = ChildProcess.Start(Server, [], home, environment);
        using var probe = new HttpClient(new SocketsHttpHandler());
        await Eventually.TrueAsync(
            "RabbitMQ's management answers, and it takes connections",
            async () =>
            {
                if (node.HasExited) throw new InvalidOperationException("RabbitMQ ended");
                using TcpClient amqp = new(); // the two ports open in either order
                await amqp.ConnectAsync("127.0.0.1", Port, cancellation);
                return (int)(await probe.GetAsync(new Uri($"http://127.0.0.1:{ManagementPort}/api/whoami"), cancellation)).StatusCode == 401;
            },
            cancellation,
            () => node.Output);
    }

    /// <summary>Stops it where it stands (SIGSTOP): its sockets stay open and nothing answers.</summary>
    public void Pause() => node!.Pause();

    public void Resume() => node!.Resume();

    public async ValueTask DisposeAsync()
    {
        if (node is not null) await node.DisposeAsync();
        if (portMapper is not null) await portMapper.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    private void Prepare()
    {
        int mapper = FreePort.Take();
        File.WriteAllText(Path.Combine(home, "enabled"), "[rabbitmq_management,rabbitmq_prometheus].");
        environment = new()
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
    }
}
