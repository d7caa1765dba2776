using System.ComponentModel.DataAnnotations;
using Quintet.Broker.Access;
using Quintet.Broker.Alarms;
using Quintet.Broker.Storage;
using Quintet.Broker.Tls;
using Quintet.Hosting.Listening;

namespace Quintet.Broker;

/// <summary>Section <c>Broker</c>. Only <see cref="Users"/> may change while the broker runs.</summary>
internal sealed class BrokerOptions
{
    /// <summary>The addresses of both ports: <c>loopback</c> (default), <c>any</c>, or IP addresses separated by commas.</summary>
    [Required]
    public string Bind { get; set; } = ListenExtensions.Loopback;

    /// <summary>The AMQP port. Default 5672, IANA's; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 5672;

    /// <summary>The port of health and management. Default 15672, RabbitMQ's; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int ManagementPort { get; set; } = 15672;

    /// <summary>Where messages and definitions are kept. Default <c>data/broker</c> below the working folder.</summary>
    [Required]
    public string DataFolder { get; set; } = "data/broker";

    /// <summary>Who may connect, besides the users that the broker stores. While there is neither: <c>guest</c> with the password <c>guest</c>,
    /// from this machine only, as RabbitMQ does. Re-read when the settings file changes; who is connected stays connected, with the new
    /// permissions. A file that names none any more changes nothing. The management API shows these users and does not change them.</summary>
    public List<UserOptions> Users { get; set; } = [];

    /// <summary>A file of definitions as RabbitMQ exports them, imported at each start before the ports open. Default none. What is there already
    /// stays as it is; a fault in the file stops the start. If it names users, there is no default guest.</summary>
    public string? Definitions { get; set; }

    /// <summary>What a client is told the server is called (server-properties <c>product</c>). Default <c>Quintet</c>; <c>RabbitMQ</c> for
    /// a client that insists.</summary>
    [Required]
    public string Product { get; set; } = "Quintet";

    /// <summary>How often rates are reckoned for the management API. Default 5 s, RabbitMQ's <c>collect_statistics_interval</c>. Counts are always
    /// those of the moment.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan RatesInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Most hops a second that are noted of messages on their way (queued, delivered, settled), while telemetry is exported and for messages
    /// with a message-id. Default 500: four or five for each message make a hundred messages a second, each of which somebody may ask for.
    /// Beyond that stories lack the broker's stops, and nothing else. 0 notes none.</summary>
    [Range(0, 1_000_000)]
    public int HopsPerSecond { get; set; } = 500;

    /// <summary>AMQP over TLS.</summary>
    public TlsOptions Tls { get; set; } = new();

    /// <summary>Bounds of everything a client may ask for.</summary>
    public LimitOptions Limits { get; set; } = new();

    /// <summary>When publishers are blocked for want of memory.</summary>
    public MemoryOptions Memory { get; set; } = new();

    /// <summary>The message store.</summary>
    public StorageOptions Storage { get; set; } = new();
}

/// <summary>Section <c>Broker:Limits</c>.</summary>
internal sealed class LimitOptions
{
    /// <summary>Connections at a time; more are closed at once. Default 10,000: about 1 GB of buffers if all are busy. RabbitMQ is bounded
    /// by file handles.</summary>
    [Range(1, 1_000_000)]
    public int Connections { get; set; } = 10_000;

    /// <summary>Channels of a connection, offered in tune. Default 2047, RabbitMQ's.</summary>
    [Range(1, 65535)]
    public int Channels { get; set; } = 2047;

    /// <summary>Octets of a frame, offered in tune. Default 131,072, RabbitMQ's.</summary>
    [Range(4096, 16 * 1024 * 1024)]
    public int FrameBytes { get; set; } = 131_072;

    /// <summary>Octets of a frame before tune-ok, from whoever has not logged in yet. Default 4096, AMQP's frame-min-size (§1.4.2.6) and RabbitMQ 4.0's
    /// <c>initial_frame_max</c>; more for clients with long tokens as passwords.</summary>
    [Range(4096, 1024 * 1024)]
    public int InitialFrameBytes { get; set; } = 4096;

    /// <summary>Octets of a message's body. Default 16 MiB, RabbitMQ 4's.</summary>
    [Range(1024, 512 * 1024 * 1024)]
    public int MessageBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The heartbeat offered in tune. Default 60 s, RabbitMQ's; zero for none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "18:00:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Virtual hosts at a time. Default 1,000: each costs some kilobytes. RabbitMQ's vhost_max is unbounded.</summary>
    [Range(1, 1_000_000)]
    public int VirtualHosts { get; set; } = 1_000;

    /// <summary>Users that the broker stores. Default 10,000: each costs some kilobytes. RabbitMQ has no bound.</summary>
    [Range(1, 1_000_000)]
    public int Users { get; set; } = 10_000;

    /// <summary>Global parameters that may be set through the management API. Default 1,000: each costs its JSON's octets. RabbitMQ has no bound.</summary>
    [Range(1, 1_000_000)]
    public int GlobalParameters { get; set; } = 1_000;

    /// <summary>How long a connection may take to log in. Default 10 s, RabbitMQ's.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Handshake { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a refused login waits for its end, so that guessing is slow. Default 3 s, RabbitMQ's.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan RefusedLoginDelay { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Octets of a request's body to the management API. Default 10,000,000, RabbitMQ's <c>management.http.max_body_size</c>.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int ManagementBodyBytes { get; set; } = 10_000_000;

    /// <summary>Octets that may wait for a slow client's socket before its queues deliver elsewhere. Default 1 MiB, some milliseconds of a
    /// fast client. At four times that, answers included, nothing more is read from it.</summary>
    [Range(16 * 1024, 1024 * 1024 * 1024)]
    public int OutgoingBytes { get; set; } = 1024 * 1024;

    /// <summary>Channels of all connections together. Default 100,000: each costs about 2 KB. RabbitMQ's <c>channel_max_per_node</c> is unbounded.</summary>
    [Range(1, int.MaxValue)]
    public int ChannelsInAll { get; set; } = 100_000;

    /// <summary>Consumers of a channel. Default 10,000: each costs some hundred octets. RabbitMQ's <c>consumer_max_per_channel</c> is unbounded.</summary>
    [Range(1, int.MaxValue)]
    public int ConsumersPerChannel { get; set; } = 10_000;

    /// <summary>Messages a channel may have delivered and not acknowledged; at that deliveries wait, as with basic.qos, and basic.get is refused. Default
    /// 1,000,000: each costs some 100 octets while it is out, where one that waits costs 24. RabbitMQ has no bound but basic.qos.</summary>
    [Range(1, int.MaxValue)]
    public int UnackedPerChannel { get; set; } = 1_000_000;

    /// <summary>How long a client may hold a delivery before its channel is closed with 406 and the message goes back. Default zero, for ever: work that
    /// takes long is no fault, and a client that is gone is found by heartbeats. RabbitMQ's <c>consumer_timeout</c> is 30 minutes. A queue's
    /// <c>x-consumer-timeout</c> and the policy <c>consumer-timeout</c> go before it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan ConsumerTimeout { get; set; }

    /// <summary>How often deliveries are looked at for that; a channel is closed up to two such intervals late. Default 1 min, RabbitMQ's
    /// <c>channel_tick_interval</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan ConsumerTimeoutInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Queues in all virtual hosts. Default 100,000: each costs about 2 KB. RabbitMQ's <c>cluster_queue_limit</c> is unbounded.</summary>
    [Range(1, int.MaxValue)]
    public int Queues { get; set; } = 100_000;

    /// <summary>Exchanges in all virtual hosts, the predeclared ones among them. Default 100,000: each costs about 1 KB. RabbitMQ's
    /// <c>cluster_exchange_limit</c> is unbounded.</summary>
    [Range(1, int.MaxValue)]
    public int Exchanges { get; set; } = 100_000;

    /// <summary>Bindings in all virtual hosts. Default 500,000: each costs about 1 KB. RabbitMQ has no bound.</summary>
    [Range(1, int.MaxValue)]
    public int Bindings { get; set; } = 500_000;

    /// <summary>Policies and operator policies of a virtual host. Default 1,000: each is tried on every queue and exchange. RabbitMQ has no bound.</summary>
    [Range(1, 1_000_000)]
    public int Policies { get; set; } = 1_000;

    /// <summary>Octets of the arguments of a queue, exchange, binding or consumer, which are kept as long as it is there. Default 16 KiB, far above
    /// what any client sends. RabbitMQ bounds them by frame_max.</summary>
    [Range(256, 16 * 1024 * 1024)]
    public int ArgumentBytes { get; set; } = 16 * 1024;

    /// <summary>Routing keys in the headers CC and BCC of one message; each is routed like a message of its own. Default 1,000. RabbitMQ bounds them by
    /// frame_max, some tens of thousands.</summary>
    [Range(0, 1_000_000)]
    public int CopyKeys { get; set; } = 1_000;

    /// <summary>Messages that wait in one x-delayed-message exchange; more are refused, with a nack to who asked for confirms. Default 10,000,000: each
    /// costs 40 octets of memory, and a transient one its own size. RabbitMQ's plugin has no bound.</summary>
    [Range(1, int.MaxValue)]
    public int DelayedMessages { get; set; } = 10_000_000;

    /// <summary>Keys one x-message-deduplication exchange may remember; its <c>x-cache-size</c> must not be larger. Default 1,000,000: each costs some 200
    /// octets. RabbitMQ's plugin has no bound.</summary>
    [Range(1, int.MaxValue)]
    public int DeduplicationKeys { get; set; } = 1_000_000;

    /// <summary>Octets a channel may publish in one transaction (tx), which are kept in memory until its commit. Default 64 MiB, four of the
    /// largest messages. RabbitMQ has no bound.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int TransactionBytes { get; set; } = 64 * 1024 * 1024;
}
