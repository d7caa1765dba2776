using System.Diagnostics;

namespace Quintet.TestKit.Traffic;

/// <summary>Publishes with confirms and keeps as many messages outstanding as it may. One thread at a time.</summary>
public sealed class Publisher : IDisposable
{
    private readonly LoadConnection _connection;
    private readonly PublishedFrames _frames;
    private readonly ConfirmWindow _window = new();
    private readonly int _outstandingMax;
    private readonly int _keys;
    private int _nextKey;

    /// <param name="port">Of the broker.</param>
    /// <param name="target">Exchange and routing key.</param>
    /// <param name="outstandingMax">Unconfirmed messages at a time.</param>
    /// <param name="keys">The routing key ends in three digits, which run up to here; 0: it stays as it is.</param>
    public Publisher(int port, (string Exchange, string Key) target, int outstandingMax = 1_000, int keys = 0)
    {
        _outstandingMax = outstandingMax;
        _keys = keys;
        _frames = new PublishedFrames(target.Exchange, target.Key, outstandingMax);
        _connection = LoadConnection.Open(port);
        _connection.SelectConfirms();
    }

    public Latencies Latencies => _window.Latencies;

    public long Confirmed => _window.Confirmed;

    /// <summary>Publishes until the time or the count is reached, and returns when all is confirmed.</summary>
    public void Run(long untilTimestamp, long count = long.MaxValue)
    {
        long left = count;
        while (true)
        {
            bool goesOn = left > 0 && Stopwatch.GetTimestamp() < untilTimestamp;
            if (!goesOn && _window.Outstanding == 0) return;
            int room = _outstandingMax - _window.Outstanding;
            if (goesOn && room > 0 && _window.HasPlaces(room))
            {
                int now = (int)Math.Min(room, left);
                Send(now, Stopwatch.GetTimestamp());
                left -= now;
            }

            _connection.Receive();
            TakeConfirms();
        }
    }

    /// <summary>Publishes so many a second, each at its time, while another thread runs <see cref="AwaitConfirms"/>.</summary>
    public void RunPaced(int perSecond, int count)
    {
        long start = Stopwatch.GetTimestamp();
        for (int index = 0; index < count; index++)
        {
            Pause.Until(start + (index * Stopwatch.Frequency / perSecond));
            Send(1, Stopwatch.GetTimestamp());
        }
    }

    public void AwaitConfirms(long upTo)
    {
        while (_window.Confirmed < upTo)
        {
            _connection.Receive();
            TakeConfirms();
        }
    }

    /// <summary>Publishes the message that tells a consumer to stop.</summary>
    public void SendLast()
    {
        Send(1, 0);
        AwaitConfirms(_window.Sent);
    }

    public void Dispose() => _connection.Dispose();

    private void Send(int count, long time)
    {
        for (int index = 0; index < count; index++)
        {
            _frames.Stamp(index, time);
            if (_keys > 0) _frames.SetKeyNumber(index, _nextKey++ % _keys);
            _window.Add(time == 0 ? 1 : time);
        }

        _connection.Send(_frames.First(count));
    }

    private void TakeConfirms()
    {
        while (_connection.TryNext(out ReceivedFrame frame))
        {
            if (frame.Method != Methods.BasicAck) continue;
            (ulong tag, bool multiple) = frame.Answer;
            _window.Confirm(tag, multiple);
        }
    }
}
