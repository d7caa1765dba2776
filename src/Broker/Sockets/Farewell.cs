using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Sockets;

/// <summary>How a connection is closed from here: connection.close, then close-ok or the end of the client's patience with ours (§1.4.2.10).</summary>
internal static class Farewell
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static byte[] Frame(ushort channel, uint method, AmqpException fault, uint methodAtHand)
    {
        uint failed = fault.Method == AmqpException.TheMethodAtHand ? methodAtHand : fault.Method;
        return new MethodFrame(channel, method)
            .Short((ushort)fault.Code).ShortString(fault.ReplyText).Short((ushort)(failed >> 16)).Short((ushort)failed)
            .ToArray();
    }

    /// <summary>Sends the close and waits a while for the answer. Whatever else the client still sends is passed over.</summary>
    public static async Task CloseAsync(ConnectionContext transport, OutgoingFrames outgoing, byte[] closeFrame)
    {
        await outgoing.EndAsync(closeFrame);
        await PassOverAsync(transport, EndsWithCloseOk, transport.ConnectionClosed);
    }

    /// <summary>Waits a while for the client to end the stream after close-ok, as RabbitMQ does.</summary>
    public static Task AwaitEndAsync(ConnectionContext transport, CancellationToken stop) => PassOverAsync(transport, static _ => false, stop);

    private static async Task PassOverAsync(ConnectionContext transport, Func<ReadOnlySequence<byte>, bool> isEnd, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        PipeReader input = transport.Transport.Input;
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(patience.Token);
                bool ended = isEnd(read.Buffer);
                input.AdvanceTo(read.Buffer.End);
                if (ended || read.IsCompleted) return;
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException)
        {
            // It had its time.
        }
    }

    // Close-ok is the last thing a client says, so it is enough to look at the end.
    private static bool EndsWithCloseOk(ReadOnlySequence<byte> octets)
    {
        ReadOnlySpan<byte> closeOk = [1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 51, FrameReader.FrameEnd];
        return octets.Length >= closeOk.Length && octets.Slice(octets.Length - closeOk.Length).ToArray().AsSpan().SequenceEqual(closeOk);
    }
}
