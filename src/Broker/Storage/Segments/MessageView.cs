// Reads the Message and Carried records laid out in RecordLayout.cs.

using System.Buffers.Binary;

namespace Quintet.Broker.Storage.Segments;

/// <summary>The payload of a Message or Carried record, borrowed. Made only of a payload whose checksum and lengths agree.</summary>
internal readonly ref struct MessageView
{
    private readonly ReadOnlySpan<byte> _payload;

    private MessageView(ReadOnlySpan<byte> payload) => _payload = payload;

    public bool IsCarried => _payload[0] == (byte)RecordKind.Carried;

    public MessageStamp Stamp => new(
        BinaryPrimitives.ReadInt64LittleEndian(_payload[12..]),
        BinaryPrimitives.ReadInt64LittleEndian(_payload[20..]),
        _payload[1]);

    public int Copies => BinaryPrimitives.ReadUInt16LittleEndian(_payload[2..]);

    /// <summary>The copy settled by this message, or 0.</summary>
    public ulong Settles => BinaryPrimitives.ReadUInt64LittleEndian(_payload[28..]);

    public int EnvelopeBytes => BinaryPrimitives.ReadInt32LittleEndian(_payload[36..]);

    public int BodyBytes => _payload.Length - ContentOffset - EnvelopeBytes;

    /// <summary>Where envelope and body begin in the payload.</summary>
    public int ContentOffset => RecordLayout.MessageFixedBytes + Copies * CopyBytes;

    /// <summary>Envelope and body.</summary>
    public ReadOnlySpan<byte> Content => _payload[ContentOffset..];

    private int CopyBytes => IsCarried ? RecordLayout.CarriedCopyBytes : RecordLayout.QueueBytes;

    /// <summary>False when the lengths inside do not fit the payload, which a correct checksum rules out but for our own bugs.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> payload, out MessageView view)
    {
        view = new MessageView(payload);
        if (payload.Length < RecordLayout.MessageFixedBytes || payload[0] is not ((byte)RecordKind.Message or (byte)RecordKind.Carried))
            return false;
        return view.Copies > 0 && view.EnvelopeBytes >= 0 && view.ContentOffset <= payload.Length && view.BodyBytes >= 0;
    }

    public CarriedCopy Copy(int index)
    {
        ReadOnlySpan<byte> copy = _payload[(RecordLayout.MessageFixedBytes + index * CopyBytes)..];
        if (!IsCarried)
        {
            ulong firstId = BinaryPrimitives.ReadUInt64LittleEndian(_payload[4..]);
            return new CarriedCopy(firstId + (ulong)index, new QueueId(BinaryPrimitives.ReadUInt32LittleEndian(copy)), 0);
        }

        return new CarriedCopy(
            BinaryPrimitives.ReadUInt64LittleEndian(copy),
            new QueueId(BinaryPrimitives.ReadUInt32LittleEndian(copy[8..])),
            BinaryPrimitives.ReadUInt16LittleEndian(copy[12..]));
    }
}
