namespace Quintet.Gateway.Drain;

/// <summary>
/// The client's side of a WebSocket that passes through. Bytes go through as they are; when the gateway leaves, a Close frame with 1001 (going
/// away, RFC 6455 §7.4.1) is put in after the frame that is under way, and nothing of the service's follows it. Guarded by _writing: all but reads.
/// </summary>
internal sealed class WebSocketStream(Stream inner) : Stream
{
    private static readonly byte[] GoingAway = [0x88, 0x02, 0x03, 0xe9];
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly FrameBoundary _boundary = new();
    private bool _isLeaving;
    private bool _isClosed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Tells the client that the gateway goes, now or at the end of the frame under way.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            _isLeaving = true;
            await CloseIfBetweenAsync(cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (_isClosed) return;
            int count = _boundary.Take(buffer.Span, isOneFrame: _isLeaving);
            await inner.WriteAsync(buffer[..count], cancellationToken);
            if (_isLeaving) await CloseIfBetweenAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException("a WebSocket is written asynchronously");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("a WebSocket is read asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("a WebSocket is written asynchronously");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // The stream is the connection's, which Kestrel disposes; the semaphore has no handle unless it is asked for one.
    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task CloseIfBetweenAsync(CancellationToken cancellation)
    {
        if (_isClosed || !_boundary.IsBetween) return;
        _isClosed = true;
        await inner.WriteAsync(GoingAway, cancellation);
        await inner.FlushAsync(cancellation);
    }
}
