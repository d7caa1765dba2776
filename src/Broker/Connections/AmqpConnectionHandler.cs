using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Quintet.Broker.Amqp;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Sockets;

namespace Quintet.Broker.Connections;

/// <summary>What Kestrel runs for each socket on the AMQP port. One of the tops: what escapes a connection ends here, and ends that connection only.</summary>
internal sealed partial class AmqpConnectionHandler(BrokerContext broker) : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (!broker.Connections.TryEnter(broker.Limits.Connections))
        {
            Log.TooMany(broker.Logger, broker.Limits.Connections);
            return;
        }

        try
        {
            await ServeAsync(connection);
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or ConnectionAbortedException)
        {
            Log.Ended(broker.Logger, connection.ConnectionId, end.Message);
        }
        catch (Exception fault)
        {
            Log.Failed(broker.Logger, connection.ConnectionId, fault);
        }
        finally
        {
            broker.Connections.Leave();
        }
    }

    private async Task ServeAsync(ConnectionContext transport)
    {
        Connection? connection = null;
        OutgoingFrames outgoing = new(transport.Transport.Output, broker.Limits.OutgoingBytes, () => connection?.RoomAgain());
        try
        {
            if (await OpenAsync(transport, outgoing) is not { } facts) return;
            connection = new Connection(transport, outgoing, facts, broker);
            await connection.RunAsync();
        }
        finally
        {
            if (connection is not null) broker.Connections.Remove(connection);
            await outgoing.EndAsync(null);
        }
    }

    private async Task<ConnectionFacts?> OpenAsync(ConnectionContext transport, OutgoingFrames outgoing)
    {
        // Who has not logged in when the broker ends need not be told why.
        CancellationToken ending = transport.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(transport.ConnectionClosed, ending);
        patience.CancelAfter(broker.Limits.Handshake);
        try
        {
            return await new Handshake(transport, outgoing, broker.HandshakeTerms).RunAsync(patience.Token);
        }
        catch (AmqpException fault)
        {
            Log.Refused(broker.Logger, transport.ConnectionId, fault.ReplyText);
            await Farewell.CloseAsync(transport, outgoing, Farewell.Frame(0, MethodId.ConnectionClose, fault, methodAtHand: 0));
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1120, LogLevel.Warning, "Closed a new connection at once: {Most} are open, which is the limit")]
        public static partial void TooMany(ILogger logger, int most);

        [LoggerMessage(1121, LogLevel.Debug, "Connection {Id} ended: {Reason}")]
        public static partial void Ended(ILogger logger, string id, string reason);

        [LoggerMessage(1122, LogLevel.Error, "Connection {Id} failed")]
        public static partial void Failed(ILogger logger, string id, Exception fault);

        [LoggerMessage(1123, LogLevel.Warning, "Refused connection {Id}: {Reason}")]
        public static partial void Refused(ILogger logger, string id, string reason);
    }
}
