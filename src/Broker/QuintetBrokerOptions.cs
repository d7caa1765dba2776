using Microsoft.Extensions.Logging;

namespace Quintet.Broker;

/// <summary>How a <see cref="QuintetBroker"/> is started. The defaults suit a test: free ports, a temporary folder, a guest.</summary>
public sealed class QuintetBrokerOptions
{
    /// <summary>Where messages and definitions are kept; made when it is not there, and never removed. Default null: a temporary folder, which
    /// goes with the broker.</summary>
    public string? DataFolder { get; set; }

    /// <summary>The AMQP port on this machine. Default 0: a free one, the same over every restart. Otherwise 1 to 65535; RabbitMQ's is 5672.</summary>
    public int Port { get; set; }

    /// <summary>The port of the management API. Default 0: a free one, the same over every restart. RabbitMQ's is 15672.</summary>
    public int ManagementPort { get; set; }

    /// <summary>Who may connect; the first one is in <see cref="QuintetBroker.AmqpUrl"/>. Default none: <c>guest</c> with the password
    /// <c>guest</c>, as RabbitMQ does.</summary>
    public IList<QuintetBrokerUser> Users { get; } = [];

    /// <summary>When a message is confirmed. Default null: <see cref="BrokerDurability.Os"/> with a temporary folder, which nobody reads after
    /// a loss of power, otherwise <see cref="BrokerDurability.Fsync"/>.</summary>
    public BrokerDurability? Durability { get; set; }

    /// <summary>Where the broker's log goes, for example to the test's output. Default null: nowhere. It stays yours to dispose.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Any further setting of the broker by its key, such as <c>Broker:Limits:Channels</c> or <c>Broker:Storage:FreeBytesMin</c>. What
    /// has a property here is set there. Environment variables are not read.</summary>
    public IDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
}

/// <summary>A user of a <see cref="QuintetBroker"/>, with its rights in the virtual host <c>/</c>. By default it may do everything there.</summary>
public sealed class QuintetBrokerUser
{
    /// <summary>A user that may do everything with messages, and nothing with management until it has a tag.</summary>
    /// <param name="name">The name to log in with.</param>
    /// <param name="password">The password.</param>
    public QuintetBrokerUser(string name, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(password);
        (Name, Password) = (name, password);
    }

    /// <summary>The name to log in with.</summary>
    public string Name { get; }

    /// <summary>The password.</summary>
    public string Password { get; }

    /// <summary>RabbitMQ's user tags: <c>administrator</c>, <c>monitoring</c>, <c>policymaker</c> and <c>management</c> open the management
    /// API. Default none.</summary>
    public IList<string> Tags { get; } = [];

    /// <summary>A regular expression over the names that it may declare and delete. Default all; empty for none.</summary>
    public string Configure { get; set; } = ".*";

    /// <summary>A regular expression over the names that it may publish to. Default all; empty for none.</summary>
    public string Write { get; set; } = ".*";

    /// <summary>A regular expression over the names that it may consume from. Default all; empty for none.</summary>
    public string Read { get; set; } = ".*";
}

/// <summary>When a message counts as stored, and its publisher gets the confirm.</summary>
public enum BrokerDurability
{
    /// <summary>After fdatasync: it survives the loss of power.</summary>
    Fsync,

    /// <summary>After write: it survives the death of the process, not of the machine.</summary>
    Os,
}
