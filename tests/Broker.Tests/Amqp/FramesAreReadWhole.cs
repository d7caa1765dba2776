using System.Buffers;
using CsCheck;
using Quintet.Broker.Amqp;
using Quintet.Broker.Tests.Systems;
using Xunit;

namespace Quintet.Broker.Tests.Amqp;

public class FramesAreReadWhole
{
    private const uint FrameMax = 4096;

    private static readonly Gen<(byte Type, ushort Channel, byte[] Payload)> Frames =
        Gen.Select(Gen.Int[0, 3].Select(index => (byte)(index == 3 ? 8 : index + 1)), Gen.UShort, Gen.Byte.Array[0, 200]);

    [Fact]
    public void A_stream_cut_at_every_octet_gives_the_same_frames() =>
        Frames.Array[1, 4].Sample(frames =>
        {
            byte[] stream = [.. frames.SelectMany(frame => RawClient.Frame(frame.Type, frame.Channel, frame.Payload))];
            for (int cut = 0; cut <= stream.Length; cut++)
            {
                List<(byte, ushort, byte[])> read = ReadAll(Segments(stream[..cut], stream[cut..]));
                Assert.Equal(frames.Length, read.Count);
                for (int index = 0; index < frames.Length; index++)
                {
                    Assert.Equal((frames[index].Type, frames[index].Channel), (read[index].Item1, read[index].Item2));
                    Assert.Equal(frames[index].Payload, read[index].Item3);
                }
            }
        }, iter: 100);

    [Fact]
    public void A_truncated_frame_is_not_there_yet() =>
        Frames.Sample(frame =>
        {
            byte[] whole = RawClient.Frame(frame.Type, frame.Channel, frame.Payload);
            for (int length = 0; length < whole.Length; length++)
            {
                ReadOnlySequence<byte> unread = new(whole.AsMemory(0, length));
                Assert.False(FrameReader.TryRead(ref unread, FrameMax, out _));
                Assert.Equal(length, unread.Length);
            }
        }, iter: 100);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_size_that_is_off_by_one_is_noticed(int off)
    {
        byte[] stream = [.. RawClient.Frame(1, 1, [1, 2, 3, 4]), .. RawClient.Frame(1, 1, [5, 6, 7, 8])];
        stream[6] = (byte)(stream[6] + off);

        AmqpException fault = Assert.Throws<AmqpException>(() => ReadAll(new ReadOnlySequence<byte>(stream)));

        Assert.Equal(ReplyCode.FrameError, fault.Code);
        Assert.Contains("invalid_frame_end_marker", fault.Text);
    }

    [Fact]
    public void A_payload_above_frame_max_is_refused_before_it_arrives()
    {
        byte[] head = RawClient.Frame(3, 1, new byte[8192])[..7];
        ReadOnlySequence<byte> unread = new(head);

        AmqpException fault = Assert.Throws<AmqpException>(() => FrameReader.TryRead(ref unread, FrameMax, out _));

        Assert.Equal("type 3, all octets = <<>>: {frame_too_large,8192,4088}", fault.Text);
    }

    [Fact]
    public void Any_octets_give_frames_or_501_and_nothing_else() =>
        Gen.Byte.Array[0, 300].Sample(octets =>
        {
            try
            {
                ReadAll(new ReadOnlySequence<byte>(octets));
            }
            catch (AmqpException fault)
            {
                Assert.Equal(ReplyCode.FrameError, fault.Code);
            }
        }, iter: 20_000);

    private static List<(byte Type, ushort Channel, byte[] Payload)> ReadAll(ReadOnlySequence<byte> unread)
    {
        List<(byte, ushort, byte[])> frames = [];
        while (FrameReader.TryRead(ref unread, FrameMax, out Frame frame))
            frames.Add(((byte)frame.Type, frame.Channel, frame.BorrowedPayload.ToArray()));
        return frames;
    }

    private static ReadOnlySequence<byte> Segments(byte[] first, byte[] second)
    {
        Segment start = new(first, null);
        Segment end = new(second, start);
        return new ReadOnlySequence<byte>(start, 0, end, second.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] octets, Segment? before)
        {
            Memory = octets;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
