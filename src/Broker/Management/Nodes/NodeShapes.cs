using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Quintet.Broker.Connections;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Management.Health;
using Quintet.Broker.Storage;
using Quintet.Broker.Tls;
using Quintet.Broker.Topology.Declarations;

namespace Quintet.Broker.Management.Nodes;

/// <summary>The one node as RabbitMQ's management API shows it; figures of Erlang are left out.</summary>
internal static class NodeShapes
{
    private static readonly DateTimeOffset ProcessStart = StartOfProcess();

    public static JsonObject Of(BrokerContext broker) => new()
    {
        ["name"] = Shapes.Node,
        ["type"] = "disc",
        ["running"] = true,
        ["partitions"] = new JsonArray(),
        ["cluster_links"] = new JsonArray(),
        ["being_drained"] = false,
        ["os_pid"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        ["uptime"] = (long)(broker.Node.Time.GetUtcNow() - ProcessStart).TotalMilliseconds,
        ["processors"] = Environment.ProcessorCount,
        ["rates_mode"] = "basic",
        ["mem_used"] = broker.Memory.UsedBytes,
        ["mem_limit"] = broker.Memory.LimitBytes,
        ["mem_alarm"] = broker.Memory.IsRaised,
        ["mem_calculation_strategy"] = "rss",
        ["disk_free"] = DiskSpace.FreeBytes(broker.Options.DataFolder),
        ["disk_free_limit"] = broker.Options.Storage.FreeBytesMin,
        ["disk_free_alarm"] = broker.Node.Store.State == StorageState.SpaceLow,
        ["sockets_total"] = broker.Limits.Connections,
        ["sockets_used"] = broker.Connections.Sockets,
        ["exchange_types"] = Types(),
        ["auth_mechanisms"] = new JsonArray([.. Mechanism.Offered(broker.Options.Tls.ClientCertificates != ClientCertificates.None).Select(offered =>
            (JsonNode)new JsonObject { ["name"] = offered.Name, ["description"] = offered.Description, ["enabled"] = true })]),
        ["applications"] = new JsonArray(),
        ["contexts"] = new JsonArray(),
        ["enabled_plugins"] = new JsonArray("rabbitmq_management", "rabbitmq_prometheus"),
        ["db_dir"] = Path.GetFullPath(broker.Options.DataFolder),
        ["log_files"] = new JsonArray(),
        ["config_files"] = new JsonArray(),
    };

    public static JsonArray Types() => new([.. ExchangeTypes.All.Select(type =>
        (JsonNode)new JsonObject { ["name"] = type.Name, ["description"] = type.Description, ["enabled"] = true })]);

    /// <summary>RabbitMQ's totals by their names; what it says of Erlang's processes and tables has no counterpart, the rest is what .NET tells.</summary>
    public static JsonObject MemoryOf()
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        long resident = Environment.WorkingSet, managed = GC.GetTotalMemory(forceFullCollection: false);
        return new JsonObject
        {
            ["managed_heap"] = managed,
            ["other"] = Math.Max(0, resident - info.TotalCommittedBytes),
            ["allocated_unused"] = info.FragmentedBytes,
            ["reserved_unallocated"] = Math.Max(0, info.TotalCommittedBytes - info.HeapSizeBytes),
            ["strategy"] = "rss",
            ["total"] = new JsonObject { ["rss"] = resident, ["allocated"] = info.TotalCommittedBytes },
        };
    }

    /// <summary>In hundredths of what is resident, never less than one of what there is, as RabbitMQ counts them.</summary>
    public static JsonObject RelativeMemoryOf()
    {
        JsonObject memory = MemoryOf();
        long resident = Math.Max(1, (long)memory["total"]!["rss"]!);
        JsonObject shares = new() { ["total"] = 100 };
        foreach ((string name, JsonNode? value) in memory)
            if (value is JsonValue number && number.TryGetValue(out long octets)) shares[name] = octets == 0 ? 0 : Math.Max(1, octets * 100 / resident);
        return shares;
    }

    private static DateTimeOffset StartOfProcess()
    {
        using Process process = Process.GetCurrentProcess();
        return process.StartTime;
    }
}
