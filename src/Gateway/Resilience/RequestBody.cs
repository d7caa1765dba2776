namespace Quintet.Gateway.Resilience;

/// <summary>
/// The request's body on its way to an instance. It tells whether any of it was read, which decides whether the request may be sent again,
/// and when its end was reached, from which on the instance owes an answer.
/// </summary>
internal sealed class RequestBody(Stream inner, Action ended) : Stream
{
    public bool WasRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Begins again; only for a body that is kept.</summary>
    public void Rewind()
    {
        if (!WasRead) return;
        inner.Position = 0;
        WasRead = false;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        WasRead = true;
        int count = await inner.ReadAsync(buffer, cancellationToken);
        if (count == 0 && buffer.Length > 0) ended();
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("a request's body is read asynchronously");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
