using System.Buffers;
using System.IO.Pipelines;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Sockets;

/// <summary>Frames one at a time, copied, as the handshake wants them. The open connection has its own loop over borrowed memory.</summary>
internal sealed class FrameInput(PipeReader input)
{
    public async ValueTask<byte[]?> ReadOctetsAsync(int count, CancellationToken stop)
    {
        ReadResult read = await input.ReadAtLeastAsync(count, stop);
        if (read.Buffer.Length < count)
        {
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            return null;
        }

        byte[] octets = read.Buffer.Slice(0, count).ToArray();
        input.AdvanceTo(read.Buffer.GetPosition(count));
        return octets;
    }

    /// <summary>The next method frame's channel and payload; null at the end of the stream. Heartbeats are passed over.</summary>
    /// <exception cref="AmqpException">505 for a frame of content.</exception>
    public async ValueTask<(ushort Channel, byte[] Payload)?> ReadMethodAsync(uint frameBytesMax, CancellationToken stop)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(stop);
            ReadOnlySequence<byte> unread = read.Buffer;
            (ushort, byte[])? method = null;
            bool isTaken = false;
            try
            {
                if (FrameReader.TryRead(ref unread, frameBytesMax, out Frame borrowed))
                {
                    isTaken = true;
                    if (borrowed.Type == FrameType.Heartbeat) continue;
                    if (borrowed.Type != FrameType.Method || borrowed.BorrowedPayload.Length < 4)
                        throw new AmqpException(ReplyCode.UnexpectedFrame, "expected method frame, got non method frame instead", 0);
                    method = (borrowed.Channel, borrowed.BorrowedPayload.ToArray());
                }
            }
            finally
            {
                input.AdvanceTo(unread.Start, isTaken ? unread.Start : unread.End);
            }

            if (method is not null) return method;
            if (read.IsCompleted) return null;
        }
    }
}
