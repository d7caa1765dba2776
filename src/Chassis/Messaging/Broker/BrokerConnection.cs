using RabbitMQ.Client;

namespace Quintet.Chassis.Messaging.Broker;

/// <summary>
/// A connection to the broker, opened on demand. The loops that use it own reconnecting: the client's automatic recovery would bring a
/// channel back while its unconfirmed messages and unacknowledged deliveries are forgotten. Used by one loop; not safe for several threads.
/// </summary>
internal sealed class BrokerConnection(ChassisOptions chassis, string purpose) : IAsyncDisposable
{
    // A broker that is stopped without a word is noticed within twice this.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private IConnection? _connection;

    public bool IsOpen => _connection is { IsOpen: true };

    /// <summary>The open connection, made now if there is none.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.BrokerUnreachableException">The broker is away or refuses the credential.</exception>
    public async Task<IConnection> OpenAsync(CancellationToken cancellation)
    {
        if (IsOpen) return _connection!;
        await CloseAsync();
        ConnectionFactory factory = new()
        {
            Uri = new Uri(chassis.BrokerUrl ?? throw new InvalidOperationException("AMQP_URL is not set")),
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            ClientProvidedName = $"{chassis.Instance} {purpose}",
            RequestedHeartbeat = Heartbeat,
            RequestedConnectionTimeout = ConnectTimeout,
            HandshakeContinuationTimeout = ConnectTimeout,
        };
        _connection = await factory.CreateConnectionAsync(cancellation);
        return _connection;
    }

    public async Task CloseAsync()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        await connection.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await CloseAsync();
}
