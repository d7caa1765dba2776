using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Queues;
using Quintet.Broker.Sockets;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Connections;

/// <summary>
/// An open connection. Its read loop owns it: channels, methods and errors are handled there, one frame after the other. Others only add frames
/// to <see cref="Outgoing"/> and ask it to close.
/// </summary>
internal sealed partial class Connection(ConnectionContext transport, OutgoingFrames outgoing, ConnectionFacts facts, BrokerContext broker)
{
    private readonly ConcurrentDictionary<ushort, Channel> _channels = [];
    private readonly List<Channel> _confirming = [];
    private readonly ConcurrentQueue<(Channel Channel, ulong Tag, AmqpException Fault)> _overdue = [];
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(transport.ConnectionClosed);
    private readonly TaskCompletionSource _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _scratch = [];
    private AmqpException? _forced;
    private uint _method;
    private bool _isClosed;

    public string Name { get; } = $"{Show(transport.RemoteEndPoint)} -> {Show(transport.LocalEndPoint)}";

    public ConnectionFacts Facts => facts;

    public BrokerContext Broker => broker;

    public OutgoingFrames Outgoing => outgoing;

    public VirtualHost Vhost => facts.Entered;

    public Permissions Permissions { get; } = new(broker.Users, facts.User, facts.Vhost);

    public bool IsTls { get; } = transport.Features.Get<ITlsConnectionFeature>() is not null;

    public EndPoint? Remote => transport.RemoteEndPoint;

    public EndPoint? Local => transport.LocalEndPoint;

    public DateTimeOffset OpenedAt { get; } = broker.Node.Time.GetUtcNow();

    public ICollection<Channel> Channels => _channels.Values;

    /// <summary>Octets read so far; the heartbeat looks whether it moved.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>The read loop waits for the disk or for the socket, so silence is not the peer's.</summary>
    public bool IsHeldBack { get; private set; }

    public CancellationToken Stopping => _stop.Token;

    /// <summary>Completes when the connection is listed no more.</summary>
    public Task Removed => _removed.Task;

    public async Task RunAsync()
    {
        using Heartbeat heartbeat = new(this, facts.Heartbeat, broker.Node.Time);
        try
        {
            broker.Connections.Add(this, new MethodFrame(0, MethodId.ConnectionOpenOk).ShortString("").ToArray());
            await ReadAsync();
            if (_isClosed) await LeaveAsync();
            else Log.Lost(broker.Logger, Name);
        }
        catch (AmqpException fault)
        {
            await CloseAsync(fault);
        }
        catch (OperationCanceledException)
        {
            // Somebody asked for the end, or the transport is gone.
            if (_forced is { } forced) await CloseAsync(forced);
        }
        catch (Exception end) when (end is IOException and not StorageException)
        {
            Log.Lost(broker.Logger, Name); // the socket broke
        }
        catch (Exception fault)
        {
            // The disk's failure or our own mistake: it ends this connection, and the client knows that it is not its fault.
            Log.Failed(broker.Logger, Name, fault);
            await CloseAsync(new AmqpException(ReplyCode.InternalError, "", 0));
        }
        finally
        {
            await ReleaseAsync();
            _stop.Dispose();
        }
    }

    /// <summary>Closes the connection from outside: 320, for the operator and at the end of the process.</summary>
    public void Force(string reason)
    {
        _forced ??= new AmqpException(ReplyCode.ConnectionForced, reason, 0);
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    public void WasRemoved() => _removed.TrySetResult();

    /// <summary>Has the read loop close a channel for a delivery that is out for too long, unless its ack comes first.</summary>
    public void CloseOverdue(Channel channel, ulong deliveryTag, AmqpException fault)
    {
        _overdue.Enqueue((channel, deliveryTag, fault));
        transport.Transport.Input.CancelPendingRead();
    }

    /// <summary>The peer was silent for too long.</summary>
    public void CutOff()
    {
        Log.Silent(broker.Logger, Name);
        transport.Abort(new ConnectionAbortedException("missed heartbeats"));
    }

    public void TellBlocked(string? reason)
    {
        if (!facts.WantsBlockedNotice) return;
        outgoing.Send(reason is null
            ? new MethodFrame(0, MethodId.ConnectionUnblocked).ToArray()
            : new MethodFrame(0, MethodId.ConnectionBlocked).ShortString(reason).ToArray());
    }

    /// <summary>The channel has confirms to send once the frames at hand are dealt with.</summary>
    public void AnswerLater(Channel channel)
    {
        if (!_confirming.Contains(channel)) _confirming.Add(channel);
    }

    /// <summary>The socket has taken what waited: queues that found it full may go on.</summary>
    public void RoomAgain()
    {
        try
        {
            foreach (Channel channel in _channels.Values) channel.PumpQueues();
        }
        catch (Exception fault)
        {
            // The top of the writing thread: a message that cannot be read ends this connection, not the process.
            Log.Failed(broker.Logger, Name, fault);
            transport.Abort(new ConnectionAbortedException("delivery failed"));
        }
    }

    private async Task ReadAsync()
    {
        System.IO.Pipelines.PipeReader input = transport.Transport.Input;
        while (!_isClosed)
        {
            System.IO.Pipelines.ReadResult read = await input.ReadAsync(_stop.Token);
            ReadOnlySequence<byte> unread = read.Buffer;
            long length = unread.Length;
            bool endsInsideFrame;
            try
            {
                while (!_isClosed && FrameReader.TryRead(ref unread, facts.FrameBytesMax, out Frame borrowed))
                {
                    await HandleAsync(borrowed);
                    ValueTask room = outgoing.RoomForAnswersAsync(_stop.Token);
                    if (!room.IsCompletedSuccessfully) await HoldBackAsync(room);
                }

                while (!_isClosed && _overdue.TryDequeue(out (Channel Channel, ulong Tag, AmqpException Fault) found))
                    if (!found.Channel.IsReleased && found.Channel.Ages.IsOut(found.Tag)) await CloseChannelAsync(found.Channel, found.Fault);
            }
            finally
            {
                Answer();
                endsInsideFrame = !unread.IsEmpty;
                BytesReceived += length - unread.Length + (endsInsideFrame ? 1 : 0);
                input.AdvanceTo(unread.Start, unread.End);
            }

            if (read.IsCompleted) return;
        }
    }

    /// <summary>Reads nothing until the broker can take it: what the silence costs is not the peer's fault.</summary>
    public async ValueTask HoldBackAsync(ValueTask room)
    {
        IsHeldBack = true;
        await room;
        IsHeldBack = false;
    }

    private void Answer()
    {
        foreach (Channel channel in _confirming) channel.AnswerConfirms();
        _confirming.Clear();
    }

    private ValueTask HandleAsync(in Frame borrowed)
    {
        if (borrowed.Type == FrameType.Heartbeat) return ValueTask.CompletedTask;
        _method = 0;
        ReadOnlySpan<byte> payload = Contiguous(borrowed.BorrowedPayload);
        uint method = 0;
        if (borrowed.Type == FrameType.Method)
        {
            if (payload.Length < 4) throw new AmqpException(ReplyCode.FrameError, $"cannot decode {ErlangTerm.Binary(payload)}", 0);
            method = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload);
            payload = payload[4..];
        }

        if (borrowed.Channel == 0) return HandleOwn(borrowed.Type, method, payload);
        if (!_channels.TryGetValue(borrowed.Channel, out Channel? channel))
        {
            OpenChannel(borrowed, method);
            return ValueTask.CompletedTask;
        }

        if (channel.IsClosing) return WhileClosing(channel, method);
        return HandleOnChannelAsync(channel, borrowed, method, payload);
    }

    private ValueTask HandleOnChannelAsync(Channel channel, in Frame borrowed, uint method, ReadOnlySpan<byte> payload)
    {
        try
        {
            _method = channel.MethodAtHand(borrowed.Type, method);
            ValueTask handled = borrowed.Type switch
            {
                FrameType.Method => ChannelMethods.HandleAsync(channel, method, new AmqpReader(payload, method)),
                FrameType.Header => channel.HandleHeaderAsync(payload),
                _ => channel.HandleBodyAsync(borrowed.BorrowedPayload),
            };
            return handled.IsCompletedSuccessfully ? ValueTask.CompletedTask : AwaitAsync(channel, handled);
        }
        catch (AmqpException fault) when (fault.Code.ClosesChannelOnly())
        {
            return CloseChannelAsync(channel, fault);
        }
    }

    private async ValueTask AwaitAsync(Channel channel, ValueTask handled)
    {
        try
        {
            await handled;
        }
        catch (AmqpException fault) when (fault.Code.ClosesChannelOnly())
        {
            await CloseChannelAsync(channel, fault);
        }
    }

    private void OpenChannel(in Frame borrowed, uint method)
    {
        _method = method;
        if (method == MethodId.ChannelCloseOk) return; // a late answer to a close that crossed with the client's own
        if (borrowed.Type != FrameType.Method || method != MethodId.ChannelOpen)
            throw new AmqpException(ReplyCode.ChannelError, "expected 'channel.open'", method);
        if (_channels.Count >= facts.ChannelMax)
            throw new AmqpException(
                ReplyCode.NotAllowed, $"number of channels opened ({_channels.Count}) has reached the negotiated channel_max ({facts.ChannelMax})", 0);
        broker.Connections.RequireRoomForChannel(facts.User);
        _channels[borrowed.Channel] = new Channel(this, borrowed.Channel);
        broker.Node.Churn.Count(Churn.ChannelCreated);
        outgoing.Send(new MethodFrame(borrowed.Channel, MethodId.ChannelOpenOk).LongString("").ToArray());
    }

    // After our channel.close nothing counts but close-ok, and a close of the client's that crossed with ours (§1.5.2.5).
    private ValueTask WhileClosing(Channel channel, uint method)
    {
        if (method == MethodId.ChannelCloseOk) _channels.TryRemove(channel.Number, out _);
        else if (method == MethodId.ChannelClose) outgoing.Send(new MethodFrame(channel.Number, MethodId.ChannelCloseOk).ToArray());
        return ValueTask.CompletedTask;
    }

    private ValueTask HandleOwn(FrameType type, uint method, ReadOnlySpan<byte> payload)
    {
        _method = method;
        if (type != FrameType.Method) throw new AmqpException(ReplyCode.UnexpectedFrame, "expected method frame, got non method frame instead", 0);
        AmqpReader reader = new(payload, method);
        switch (method)
        {
            case MethodId.ConnectionClose:
                ushort code = reader.Short();
                Log.ClosedByClient(broker.Logger, Name, code);
                return ClosedByClientAsync();
            case MethodId.ConnectionUpdateSecret:
                // A secret that is a password does not change while it is used; what tokens would do here comes with them.
                outgoing.Send(new MethodFrame(0, MethodId.ConnectionUpdateSecretOk).ToArray());
                return ValueTask.CompletedTask;
            default:
                throw new AmqpException(ReplyCode.ChannelError, "unexpected method in connection state running", method);
        }
    }

    // Close-ok is the last: who has it may come back at once and find its exclusive queues gone and its messages given back.
    private async ValueTask ClosedByClientAsync()
    {
        _isClosed = true;
        await ReleaseAsync();
        await outgoing.EndAsync(new MethodFrame(0, MethodId.ConnectionCloseOk).ToArray());
    }

    // What the client had under way behind its close is still taken in: closing on unread octets resets the stream, and close-ok would be lost.
    private Task LeaveAsync()
    {
        broker.Connections.Remove(this);
        return Farewell.AwaitEndAsync(transport, _stop.Token);
    }

    /// <summary>Forgets a channel that the client closed.</summary>
    public async ValueTask ChannelClosedAsync(Channel channel)
    {
        await channel.ReleaseAsync();
        _confirming.Remove(channel);
        _channels.TryRemove(channel.Number, out _);
        outgoing.Send(new MethodFrame(channel.Number, MethodId.ChannelCloseOk).ToArray());
    }

    private async ValueTask CloseChannelAsync(Channel channel, AmqpException fault)
    {
        channel.AnswerConfirms();
        channel.IsClosing = true;
        await channel.ReleaseAsync();
        Log.ChannelFault(broker.Logger, Name, channel.Number, fault.ReplyText);
        outgoing.Send(Farewell.Frame(channel.Number, MethodId.ChannelClose, fault, _method));
    }

    private async Task CloseAsync(AmqpException fault)
    {
        Log.ConnectionFault(broker.Logger, Name, fault.ReplyText);
        _isClosed = true;
        foreach (Channel channel in _channels.Values) channel.IsClosing = true;
        await Farewell.CloseAsync(transport, outgoing, Farewell.Frame(0, MethodId.ConnectionClose, fault, _method));
    }

    private async Task ReleaseAsync()
    {
        foreach (Channel channel in _channels.Values) await channel.ReleaseAsync();
        _channels.Clear();
        foreach (Queue queue in Vhost.Queues)
            if (queue.Owner == this) await Vhost.DeleteQueue(queue, static _ => true);
    }

    // Methods and headers are parsed from one span; only what straddles two blocks of the pipe is copied for that.
    private ReadOnlySpan<byte> Contiguous(in ReadOnlySequence<byte> borrowed)
    {
        if (borrowed.IsSingleSegment) return borrowed.FirstSpan;
        if (_scratch.Length < borrowed.Length) _scratch = new byte[borrowed.Length];
        borrowed.CopyTo(_scratch);
        return _scratch.AsSpan(0, (int)borrowed.Length);
    }

    private static string Show(EndPoint? end) => end?.ToString() ?? "?";

    private static partial class Log
    {
        [LoggerMessage(1110, LogLevel.Debug, "Connection {Connection} closed by the client with {Code}")]
        public static partial void ClosedByClient(ILogger logger, string connection, ushort code);

        [LoggerMessage(1111, LogLevel.Warning, "Connection {Connection} ended without connection.close")]
        public static partial void Lost(ILogger logger, string connection);

        [LoggerMessage(1112, LogLevel.Warning, "Connection {Connection} was silent for too long and is cut off")]
        public static partial void Silent(ILogger logger, string connection);

        [LoggerMessage(1113, LogLevel.Warning, "Channel {Channel} of {Connection} closed: {Reason}")]
        public static partial void ChannelFault(ILogger logger, string connection, ushort channel, string reason);

        [LoggerMessage(1115, LogLevel.Error, "Connection {Connection} failed")]
        public static partial void Failed(ILogger logger, string connection, Exception fault);

        [LoggerMessage(1114, LogLevel.Warning, "Connection {Connection} closed: {Reason}")]
        public static partial void ConnectionFault(ILogger logger, string connection, string reason);
    }
}
