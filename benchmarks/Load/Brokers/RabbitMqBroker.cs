using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.Load.Brokers;

/// <summary>RabbitMQ on ports, an epmd and a data folder of its own, without plugins and otherwise with its defaults.</summary>
internal sealed class RabbitMqBroker(RabbitMqRelease release) : BrokerUnderTest
{
    private readonly int _epmdPort = FreePort.Take();
    private readonly int _distributionPort = FreePort.Take();
    private ChildProcess? _epmd;

    public override string Name => $"RabbitMQ {release.Version}";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_epmd is not null) await _epmd.DisposeAsync();
    }

    protected override ChildProcess Launch()
    {
        File.WriteAllText(Path.Combine(DataFolder, "plugins"), "[].\n");
        Dictionary<string, string?> environment = new()
        {
            ["HOME"] = DataFolder,
            ["ERL_EPMD_PORT"] = $"{_epmdPort}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODENAME"] = "load@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = $"{Port}",
            ["RABBITMQ_DIST_PORT"] = $"{_distributionPort}",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(DataFolder, "mnesia"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(DataFolder, "log"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(DataFolder, "plugins"),
        };
        // Started here and not by the node, which would leave it behind.
        _epmd ??= Start(release.Epmd, environment);
        return Start(release.Server, environment);
    }

    private ChildProcess Start(string[] command, Dictionary<string, string?> environment) =>
        ChildProcess.Start(command[0], command[1..].Select(part => part.Replace("{data}", DataFolder, StringComparison.Ordinal)), DataFolder, environment);
}
