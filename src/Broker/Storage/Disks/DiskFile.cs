namespace Quintet.Broker.Storage.Disks;

/// <summary>An open file. Reads may run beside each other and beside a write of other bytes; writes come from one thread.</summary>
internal abstract class DiskFile : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends; the number of bytes read.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed meanwhile.</exception>
    public abstract int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all buffers, one behind the other.</summary>
    public abstract void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset);

    /// <summary>Returns when everything written so far is on stable storage (fdatasync).</summary>
    public abstract void SyncData();

    public abstract void Truncate(long length);

    public abstract void Dispose();
}
