using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

[assembly: AssemblyFixture(typeof(Quintet.Chassis.Tests.Doubles.RabbitNode))]

namespace Quintet.Chassis.Tests.Doubles;

/// <summary>
/// A RabbitMQ node of its own for this test program, from Debian's package: the messages' other end, written by somebody else. Started by
/// the first test that asks, on free ports; tests that find no package are skipped.
/// </summary>
public sealed class RabbitNode : IAsyncLifetime
{
    /// <summary>The tests that publish to its exchange <c>events</c>, where each would get the others' events: one after the other.</summary>
    public const string Events = "events";

    /// <summary>Small, so that a test can exceed it.</summary>
    public const int MessageBytesMax = 1 << 20;

    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    // Not a TempFolder: RabbitMQ's scripts do not bear the blank in its name.
    private readonly string _home = Directory.CreateTempSubdirectory("quintet-rabbit-").FullName;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private ChildProcess? _portMapper;
    private ChildProcess? _node;

    public int Port { get; } = FreePort.Take();

    public string Url => $"amqp://guest:guest@127.0.0.1:{Port}/%2F";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A connection for the test itself, once the node runs.</summary>
    public async Task<IConnection> ConnectAsync(CancellationToken cancellation)
    {
        Need.DebianFile(Server, "rabbitmq-server");
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_node is null) Start();
            ConnectionFactory factory = new() { Uri = new Uri(Url), AutomaticRecoveryEnabled = false };
            return await Eventually.GetAsync(
                "RabbitMQ takes connections",
                async () =>
                {
                    if (_node!.HasExited) throw new InvalidOperationException(_node.Output);
                    return await factory.CreateConnectionAsync(cancellation);
                },
                cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        if (_portMapper is not null) await _portMapper.DisposeAsync();
        Directory.Delete(_home, recursive: true);
        _gate.Dispose();
    }

    private void Start()
    {
        int mapper = FreePort.Take();
        File.WriteAllText(Path.Combine(_home, "enabled"), "[].");
        Dictionary<string, string?> environment = new()
        {
            ["HOME"] = _home,
            ["RABBITMQ_NODENAME"] = $"chassis{Port}@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = $"{Port}",
            ["RABBITMQ_DIST_PORT"] = $"{FreePort.Take()}",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_home, "db"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(_home, "log"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_home, "enabled"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = $"-rabbit max_message_size {MessageBytesMax}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = $"{mapper}",
        };
        // Erlang would leave its port mapper running behind; one of our own ends with us.
        _portMapper = ChildProcess.Start(Need.Program("epmd", "erlang-base"), ["-port", $"{mapper}", "-address", "127.0.0.1"], _home, environment);
        _node = ChildProcess.Start(Server, [], _home, environment);
    }
}
