using System.IO.Pipelines;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Sockets;

/// <summary>
/// The only writer of a connection's socket. Anybody may add frames, whole ones, under the gate; one loop writes whatever has gathered while
/// the last write was under way, so batches form by themselves. Adding never waits: who could add without end asks <see cref="HasRoom"/> first,
/// and the read loop takes no further method while <see cref="RoomForAnswersAsync"/> waits.
/// </summary>
internal sealed class OutgoingFrames(PipeWriter socket, int bytesMax, Action roomAgain) : IThreadPoolWorkItem
{
    // Deliveries stop at bytesMax; answers go on, so that a client which is slow to read its deliveries still has its acks taken.
    private const int AnswersShare = 4;

    private readonly Lock _gate = new();
    private readonly int _answersMax = (int)Math.Min((long)bytesMax * AnswersShare, int.MaxValue);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FrameBuffer _filling = new();
    private FrameBuffer _writing = new();
    private bool _isWriting;
    private bool _isEnding;
    private bool _isBroken;
    private bool _wasFull;
    private TaskCompletionSource? _roomForAnswers;

    /// <summary>Counts up with everything sent; the heartbeat looks whether it moved.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Octets that wait for the client to read.</summary>
    public int BytesWaiting
    {
        get
        {
            lock (_gate) return _filling.Length + _writing.Length;
        }
    }

    /// <summary>False when the client reads more slowly than it is delivered to. <c>roomAgain</c> is called when that is over.</summary>
    public bool HasRoom()
    {
        lock (_gate)
        {
            if (_filling.Length < bytesMax && !_isEnding) return true;
            _wasFull = true;
            return false;
        }
    }

    /// <summary>False when so much waits for a client that never reads that nothing may be added on another's behalf.</summary>
    public bool HasRoomForAnswers => Volatile.Read(ref _filling).Length < _answersMax;

    /// <summary>Completes, mostly at once, when more answers may be added: a client that asks and never reads is not asked for more.</summary>
    public ValueTask RoomForAnswersAsync(CancellationToken stop)
    {
        if (Volatile.Read(ref _filling).Length < _answersMax) return ValueTask.CompletedTask;
        lock (_gate)
        {
            if (_filling.Length < _answersMax || _isEnding) return ValueTask.CompletedTask;
            _roomForAnswers ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_roomForAnswers.Task.WaitAsync(stop));
        }
    }

    /// <summary>Takes the gate; whole frames may be added to what it returns until <see cref="Unlock"/>, which must follow.</summary>
    public FrameBuffer Lock()
    {
        _gate.Enter();
        return _filling;
    }

    public void Unlock()
    {
        if (_isEnding) _filling.Clear(); // after the last frame nothing follows
        bool start = !_isWriting && _filling.Length > 0;
        if (start) _isWriting = true;
        _gate.Exit();
        if (start) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Send(byte[] frame)
    {
        FrameBuffer output = Lock();
        output.Write(frame);
        Unlock();
    }

    /// <summary>Sends a last frame (null: none) and nothing after it; completes when all is handed to the socket, or it is broken.</summary>
    public Task EndAsync(byte[]? lastFrame)
    {
        lock (_gate)
        {
            if (!_isEnding)
            {
                if (lastFrame is not null && !_isBroken) _filling.Write(lastFrame);
                _isEnding = true;
                if (!_isWriting)
                {
                    _isWriting = true;
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                }
            }
        }

        return _ended.Task;
    }

    // Started only when no other run is under way; ends by itself when there is nothing left, and EndAsync waits for the last one.
    // Mostly the socket takes a batch at once, and then no task is made for it.
    void IThreadPoolWorkItem.Execute()
    {
        while (TakeBatch())
        {
            ValueTask<FlushResult> flush = Write();
            if (!flush.IsCompletedSuccessfully)
            {
                _ = WriteOnAsync(flush);
                return;
            }

            Written(flush.Result);
        }
    }

    private async Task WriteOnAsync(ValueTask<FlushResult> flush)
    {
        do
        {
            FlushResult flushed;
            try
            {
                flushed = await flush;
            }
            catch (Exception)
            {
                flushed = new FlushResult(isCanceled: false, isCompleted: true); // the read loop sees the same end and is the one to say so
            }

            Written(flushed);
            if (!TakeBatch()) return;
            flush = Write();
        }
        while (true);
    }

    private ValueTask<FlushResult> Write()
    {
        try
        {
            return socket.WriteAsync(_writing.Written);
        }
        catch (Exception failure)
        {
            return ValueTask.FromException<FlushResult>(failure);
        }
    }

    private void Written(FlushResult flushed)
    {
        if (flushed.IsCompleted || flushed.IsCanceled) Break();
        BytesSent += _writing.Length;
        _writing.Clear();
        if (TakeWasFull()) roomAgain();
    }

    private bool TakeBatch()
    {
        lock (_gate)
        {
            _roomForAnswers?.TrySetResult();
            _roomForAnswers = null;
            if (_filling.Length > 0 && !_isBroken)
            {
                (_filling, _writing) = (_writing, _filling);
                return true;
            }

            _filling.Clear();
            _isWriting = false;
            if (_isEnding)
            {
                _filling.Release();
                _writing.Release();
                _ended.TrySetResult();
            }

            return false;
        }
    }

    private bool TakeWasFull()
    {
        lock (_gate)
        {
            bool wasFull = _wasFull && !_isEnding;
            _wasFull = false;
            return wasFull;
        }
    }

    private void Break()
    {
        lock (_gate)
        {
            _isBroken = true;
            _isEnding = true;
        }
    }
}
