using System.Buffers;
using CsCheck;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Segments;
using Xunit;

namespace Quintet.Broker.Tests.Storage;

/// <summary>The reader of records against everything that may lie on a disk.</summary>
public sealed class RecordsOfAnyBytes(ITestOutputHelper output)
{
    private const uint SegmentSeed = 0x5eed_5eed;
    private const string Seed = "0000KUhs2Vp5";

    private static readonly Gen<(uint[] Queues, byte[] Envelope, byte[] Body)> Messages =
        Gen.Select(Gen.UInt.Array[1, 20], Gen.Byte.Array[0, 300], Gen.Byte.Array[0, 3_000]);

    [Fact]
    public void What_was_written_is_read_back() => Sample(message =>
    {
        byte[] record = Write(message);

        Assert.Equal(RecordStatus.Whole, RecordReader.Read(record, SegmentSeed, out int size));
        Assert.Equal(record.Length, size);
        Assert.True(MessageView.TryCreate(record.AsSpan(RecordLayout.HeaderBytes), out MessageView view));
        Assert.Equal(new MessageStamp(-1, long.MaxValue, 255), view.Stamp);
        Assert.Equal(77ul, view.Settles);
        Assert.Equal(message.Queues.Length, view.Copies);
        for (int index = 0; index < view.Copies; index++)
            Assert.Equal(new CarriedCopy(5 + (ulong)index, new QueueId(message.Queues[index]), 0), view.Copy(index));
        Assert.Equal(message.Envelope, view.Content[..view.EnvelopeBytes].ToArray());
        Assert.Equal(message.Body, view.Content[view.EnvelopeBytes..].ToArray());
    });

    [Fact]
    public void Cut_anywhere_it_is_cut_and_never_whole() => Sample(message =>
    {
        byte[] record = Write(message);
        for (int length = 0; length < record.Length; length++)
            Assert.Equal(RecordStatus.Cut, RecordReader.Read(record.AsSpan(0, length), SegmentSeed, out _));
    }, count: 30);

    [Fact]
    public void With_any_bit_changed_it_is_not_whole() => Sample(message =>
    {
        byte[] record = Write(message);
        for (int bit = 0; bit < record.Length * 8; bit += 1 + record.Length / 50)
        {
            record[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(RecordStatus.Whole, RecordReader.Read(record, SegmentSeed, out _));
            record[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    });

    [Fact]
    public void Of_another_segment_it_is_not_whole() => Sample(message =>
        Assert.Equal(RecordStatus.Invalid, RecordReader.Read(Write(message), SegmentSeed + 1, out _)));

    [Fact]
    public void Rubbish_with_a_right_checksum_is_never_read_beyond_its_end() =>
        Gen.Byte.Array[1, 200].Sample(
            payload =>
            {
                payload[0] = (byte)(payload[0] % 9);
                if (!MessageView.TryCreate(payload, out MessageView view))
                    return;
                for (int index = 0; index < view.Copies; index++)
                    _ = view.Copy(index);
                Assert.Equal(view.Content.Length, view.EnvelopeBytes + view.BodyBytes);
            },
            writeLine: output.WriteLine,
            seed: Seed,
            iter: 20_000);

    private static byte[] Write((uint[] Queues, byte[] Envelope, byte[] Body) message)
    {
        byte[] record = new byte[RecordLayout.MessageBytes(message.Queues.Length, message.Envelope.Length, message.Body.Length)];
        NewMessage written = new()
        {
            Queues = message.Queues.Select(queue => new QueueId(queue)).ToArray(),
            Stamp = new MessageStamp(-1, long.MaxValue, 255),
            Envelope = message.Envelope,
            Body = new ReadOnlySequence<byte>(message.Body),
        };
        RecordLayout.WriteMessage(record, SegmentSeed, written, (5, 77));
        return record;
    }

    private void Sample(Action<(uint[] Queues, byte[] Envelope, byte[] Body)> assert, int count = 200) =>
        Messages.Sample(assert, writeLine: output.WriteLine, seed: Seed, iter: count);
}
