using System.Buffers.Binary;
using System.Diagnostics;

namespace Quintet.TestKit.Traffic;

/// <summary>Takes messages and acknowledges them, one by one or many at once. One thread.</summary>
public sealed class Consumer : IDisposable
{
    private readonly LoadConnection _connection;
    private readonly byte[] _acks = new byte[64 * 1024];
    private readonly byte[] _ack = new MethodBytes(LoadConnection.Channel, Methods.BasicAck).Long(0).Long(0).Octet(0).ToFrame();
    private readonly int _ackEvery;
    private int _acksLength;
    private int _unacked;
    private ulong _tag;

    public Consumer(int port, ushort prefetch, int ackEvery)
    {
        _ackEvery = ackEvery;
        _ack[^2] = ackEvery > 1 ? (byte)1 : (byte)0;
        _connection = LoadConnection.Open(port);
        _connection.Prefetch(prefetch);
    }

    /// <summary>From when a message was sent, by its first octets, until it was read here.</summary>
    public Latencies Latencies { get; } = new();

    public long Received { get; private set; }

    public void Subscribe(string queue) => _connection.Consume(queue);

    /// <summary>Consumes until so many messages came, or so many that say they are the last of their queue; then all are acknowledged.</summary>
    public void Run(long count, int lasts)
    {
        while (Received < count && lasts > 0)
        {
            _connection.Receive();
            lasts -= TakeDeliveries(count);
            if (_unacked > 0 && (Received >= count || lasts <= 0)) AddAck();
            _connection.Send(_acks.AsSpan(0, _acksLength));
            _acksLength = 0;
        }
    }

    public void Dispose() => _connection.Dispose();

    private int TakeDeliveries(long count)
    {
        int lasts = 0;
        long now = Stopwatch.GetTimestamp();
        while (Received < count && _connection.TryNext(out ReceivedFrame frame))
        {
            if (frame.Method == Methods.BasicDeliver) _tag = frame.DeliveryTag;
            if (!frame.IsBody) continue;
            long sentAt = BinaryPrimitives.ReadInt64BigEndian(frame.Payload);
            if (sentAt == 0) lasts++;
            else Latencies.Add(now - sentAt);
            Received++;
            if (++_unacked >= _ackEvery) AddAck();
        }

        return lasts;
    }

    private void AddAck()
    {
        if (_acksLength + _ack.Length > _acks.Length)
        {
            _connection.Send(_acks.AsSpan(0, _acksLength));
            _acksLength = 0;
        }

        _ack.CopyTo(_acks, _acksLength);
        BinaryPrimitives.WriteUInt64BigEndian(_acks.AsSpan(_acksLength + 11), _tag);
        _acksLength += _ack.Length;
        _unacked = 0;
    }
}
