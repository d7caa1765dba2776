using System.Buffers;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Connections;

/// <summary>
/// Puts a published message together from its frames, straight into the form the storage keeps. Buffers are kept from message to message.
/// Only the read loop touches it.
/// </summary>
internal sealed class ContentAssembly
{
    private const int KeptBytes = 64 * 1024;

    private byte[] _envelope = new byte[1024];
    private byte[] _body = [];
    private int _bodyLength;
    private Expecting _expecting;

    private enum Expecting
    {
        Method,
        Header,
        Body,
    }

    public bool IsUnderWay => _expecting != Expecting.Method;

    public bool ExpectsHeader => _expecting == Expecting.Header;

    public bool IsMandatory { get; private set; }

    public ulong BodyBytes { get; private set; }

    public int EnvelopeLength { get; private set; }

    public Span<byte> EnvelopeOctets => _envelope.AsSpan(0, EnvelopeLength);

    public Envelope Envelope => new(EnvelopeOctets);

    /// <summary>The body: the frame's own memory when it came in one piece.</summary>
    public ReadOnlyMemory<byte> BorrowedBody { get; private set; }

    public void Begin(ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> routingKey, bool isMandatory)
    {
        IsMandatory = isMandatory;
        _expecting = Expecting.Header;
        _envelope.AsSpan(0, Envelope.HeadBytes).Clear();
        EnvelopeLength = Envelope.HeadBytes;
        AppendShortString(exchange);
        AppendShortString(routingKey);
    }

    /// <summary>The method that an error in this frame is about.</summary>
    public uint MethodAtHand(FrameType type, uint method)
    {
        if (IsUnderWay) return MethodId.BasicPublish;
        return type == FrameType.Method ? method : 0;
    }

    /// <exception cref="AmqpException">505: a message's frames are not all there yet.</exception>
    public void RequireNone()
    {
        if (IsUnderWay) throw Unexpected();
    }

    /// <summary>Takes a header frame; true when the message is whole, since it has no body.</summary>
    /// <exception cref="AmqpException">Not the turn of a header, not readable, or it announces too much.</exception>
    public bool TakeHeader(ReadOnlySpan<byte> payload, int messageBytesMax)
    {
        if (!IsUnderWay) throw new AmqpException(ReplyCode.UnexpectedFrame, "expected method frame, got non method frame instead", 0);
        if (!ExpectsHeader) throw new AmqpException(ReplyCode.UnexpectedFrame, "expected content body, got non content body frame instead");
        if (!ContentHeader.TryRead(payload, out ushort classId, out ulong bodyBytes, out ReadOnlySpan<byte> properties))
            throw new AmqpException(ReplyCode.FrameError, $"cannot decode {ErlangTerm.Binary(payload[..Math.Min(32, payload.Length)])}");
        if (classId != MethodId.BasicClass)
            throw new AmqpException(ReplyCode.UnexpectedFrame, $"expected content header for class 60, got one for class {classId} instead");
        if (bodyBytes > (ulong)messageBytesMax)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"message size {bodyBytes} is larger than configured max size {messageBytesMax}");
        return Header(properties, bodyBytes);
    }

    /// <summary>Takes a body frame; true when the message is whole.</summary>
    /// <exception cref="AmqpException">Not the turn of a body, or more than the header said.</exception>
    public bool TakeBody(in ReadOnlySequence<byte> borrowedPart)
    {
        if (!IsUnderWay) throw new AmqpException(ReplyCode.UnexpectedFrame, "expected method frame, got non method frame instead", 0);
        if (ExpectsHeader) throw Unexpected();
        return Body(borrowedPart);
    }

    /// <summary>True when the message is whole, since it has no body.</summary>
    public bool Header(ReadOnlySpan<byte> properties, ulong bodyBytes)
    {
        int needed = EnvelopeLength + properties.Length;
        if (needed > _envelope.Length) Array.Resize(ref _envelope, Math.Max(needed, _envelope.Length * 2));
        properties.CopyTo(_envelope.AsSpan(EnvelopeLength));
        EnvelopeLength = needed;
        BodyBytes = bodyBytes;
        _bodyLength = 0;
        BorrowedBody = default;
        _expecting = Expecting.Body;
        return bodyBytes == 0;
    }

    /// <summary>True when the message is whole.</summary>
    /// <exception cref="AmqpException">501: more than the header said.</exception>
    public bool Body(in ReadOnlySequence<byte> borrowedPart)
    {
        ulong length = (ulong)_bodyLength + (ulong)borrowedPart.Length;
        if (length > BodyBytes) throw new AmqpException(ReplyCode.FrameError, $"body of {length} octets is longer than the {BodyBytes} of its header",
            MethodId.BasicPublish);
        if (_bodyLength == 0 && length == BodyBytes && borrowedPart.IsSingleSegment)
        {
            BorrowedBody = borrowedPart.First;
            return true;
        }

        MakeRoom((int)length);
        borrowedPart.CopyTo(_body.AsSpan(_bodyLength));
        _bodyLength = (int)length;
        BorrowedBody = _body.AsMemory(0, _bodyLength);
        return length == BodyBytes;
    }

    /// <summary>The message is dealt with, or will not be.</summary>
    public void Reset()
    {
        _expecting = Expecting.Method;
        BorrowedBody = default;
        _bodyLength = 0;
        if (_body.Length > KeptBytes) Release();
        if (_envelope.Length > KeptBytes) _envelope = new byte[1024];
    }

    public void Release()
    {
        if (_body.Length > 0) ArrayPool<byte>.Shared.Return(_body);
        _body = [];
    }

    private static AmqpException Unexpected() =>
        new(ReplyCode.UnexpectedFrame, "expected content header for class 60, got non content header frame instead", MethodId.BasicPublish);

    private void AppendShortString(ReadOnlySpan<byte> text)
    {
        _envelope[EnvelopeLength] = (byte)text.Length;
        text.CopyTo(_envelope.AsSpan(EnvelopeLength + 1));
        EnvelopeLength += text.Length + 1;
    }

    // Grows with what arrives, not with what a header announces.
    private void MakeRoom(int length)
    {
        if (length <= _body.Length) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(BodyBytes, Math.Max((ulong)length, (ulong)_body.Length * 2)));
        _body.AsSpan(0, _bodyLength).CopyTo(larger);
        if (_body.Length > 0) ArrayPool<byte>.Shared.Return(_body);
        _body = larger;
    }
}
