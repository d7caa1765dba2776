using Quintet.Broker.Amqp;

namespace Quintet.Broker.Connections;

/// <summary>
/// Beats every half interval when nothing else was sent, and cuts off a peer of which nothing came for three intervals
/// (AMQP 0-9-1 §4.2.7; RabbitMQ does the same).
/// </summary>
internal sealed class Heartbeat : IDisposable
{
    private const int SilentTicksMax = 5; // with the half interval before the first comparison: cut off after three

    private static readonly byte[] Beat = [(byte)FrameType.Heartbeat, 0, 0, 0, 0, 0, 0, FrameReader.FrameEnd];

    private readonly Connection _connection;
    private readonly ITimer? _timer;
    private long _sent = -1;
    private long _received = -1;
    private int _silentTicks;

    public Heartbeat(Connection connection, TimeSpan interval, TimeProvider time)
    {
        _connection = connection;
        if (interval <= TimeSpan.Zero) return;
        _timer = time.CreateTimer(static self => ((Heartbeat)self!).Tick(), this, interval / 2, interval / 2);
    }

    public void Dispose() => _timer?.Dispose();

    private void Tick()
    {
        long received = _connection.BytesReceived;
        _silentTicks = received == _received && !_connection.IsHeldBack ? _silentTicks + 1 : 0;
        _received = received;
        if (_silentTicks >= SilentTicksMax)
        {
            _connection.CutOff();
            return;
        }

        long sent = _connection.Outgoing.BytesSent;
        bool isIdle = sent == _sent || _sent < 0;
        if (isIdle) _connection.Outgoing.Send(Beat);
        _sent = sent + (isIdle ? Beat.Length : 0);
    }
}
