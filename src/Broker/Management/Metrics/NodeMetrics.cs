using System.Diagnostics;
using Quintet.Broker.Connections;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Management.Health;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Management.Metrics;

/// <summary>The process, its alarms, and what came and went.</summary>
internal static class NodeMetrics
{
    public static void Write(PrometheusText text, BrokerContext broker)
    {
        WriteIdentity(text, broker);
        WriteAlarms(text, broker);
        WriteProcess(text, broker);
        WriteChurn(text, broker.Node.Churn);
        WriteLogins(text, broker.Node.Logins);
    }

    private static void WriteIdentity(PrometheusText text, BrokerContext broker)
    {
        text.Begin("build_info", "untyped", "RabbitMQ & Erlang/OTP version info");
        text.Sample(1, ("rabbitmq_version", ServerProperties.EmulatedVersion), ("prometheus_plugin_version", ServerProperties.EmulatedVersion),
            ("product_name", broker.Options.Product), ("product_version", ServerProperties.EmulatedVersion));
        text.Begin("identity_info", "untyped", "RabbitMQ node & cluster identity info");
        text.Sample(1, ("rabbitmq_node", Shapes.Node), ("rabbitmq_cluster", Shapes.Node));
    }

    private static void WriteAlarms(PrometheusText text, BrokerContext broker)
    {
        text.Begin("alarms_memory_used_watermark", "untyped", "is 1 if VM memory watermark alarm is in effect");
        text.Sample(broker.Memory.IsRaised ? 1 : 0);
        text.Begin("alarms_free_disk_space_watermark", "untyped", "is 1 if free disk space watermark alarm is in effect");
        text.Sample(broker.Node.Store.State == StorageState.SpaceLow ? 1 : 0);
    }

    private static void WriteProcess(PrometheusText text, BrokerContext broker)
    {
        using Process process = Process.GetCurrentProcess();
        text.Gauge("process_resident_memory_bytes", "Memory used in bytes", broker.Memory.UsedBytes);
        text.Gauge("resident_memory_limit_bytes", "Memory high watermark in bytes", broker.Memory.LimitBytes);
        text.Gauge("process_open_tcp_sockets", "Open TCP sockets", broker.Connections.Sockets);
        text.Gauge("process_max_tcp_sockets", "Open TCP sockets limit", broker.Limits.Connections);
        text.Counter("process_cpu_seconds_total", "CPU time of the process", process.TotalProcessorTime.TotalSeconds);
        text.Gauge("disk_space_available_bytes", "Disk space available in bytes", DiskSpace.FreeBytes(broker.Options.DataFolder));
        text.Gauge("disk_space_available_limit_bytes", "Free disk space low watermark in bytes", broker.Options.Storage.FreeBytesMin);
        text.Gauge("connections", "Connections currently open", broker.Connections.All.Count);
        text.Gauge("channels", "Channels currently open", broker.Connections.All.Sum(connection => connection.Channels.Count));
        text.Gauge("queues", "Queues available", broker.Node.Vhosts.Sum(vhost => vhost.Queues.Count));
        text.Gauge("consumers", "Consumers currently connected", broker.Node.Vhosts.Sum(vhost => vhost.Queues.Sum(queue => queue.Counts.Consumers)));
    }

    private static void WriteChurn(PrometheusText text, ChurnStats churn)
    {
        text.Counter("connections_opened_total", "Total number of connections opened", churn[Churn.ConnectionCreated]);
        text.Counter("connections_closed_total", "Total number of connections closed or terminated", churn[Churn.ConnectionClosed]);
        text.Counter("channels_opened_total", "Total number of channels opened", churn[Churn.ChannelCreated]);
        text.Counter("channels_closed_total", "Total number of channels closed", churn[Churn.ChannelClosed]);
        text.Counter("queues_declared_total", "Total number of queues declared", churn[Churn.QueueDeclared]);
        text.Counter("queues_created_total", "Total number of queues created", churn[Churn.QueueCreated]);
        text.Counter("queues_deleted_total", "Total number of queues deleted", churn[Churn.QueueDeleted]);
    }

    private static void WriteLogins(PrometheusText text, LoginStats logins)
    {
        foreach ((string name, string help, Func<Logins, long> of) in (ReadOnlySpan<(string, string, Func<Logins, long>)>)
        [
            ("auth_attempts_total", "Total number of authorization attempts", of => of.Accepted + of.Refused),
            ("auth_attempts_succeeded_total", "Total number of successful authentication attempts", of => of.Accepted),
            ("auth_attempts_failed_total", "Total number of failed authentication attempts", of => of.Refused),
        ])
        {
            text.Begin(name, "counter", help);
            text.Sample(of(logins.Http), ("protocol", "http"));
            text.Sample(of(logins.Amqp), ("protocol", "amqp091"));
        }
    }
}
