using System.Buffers;

namespace Quintet.Broker.Amqp;

/// <summary>Frames waiting to be written to one socket, one after the other as on the wire. Not thread-safe; its owner locks.</summary>
internal sealed class FrameBuffer
{
    // What a busy connection keeps between batches; what a large message made it grow beyond goes back to the pool.
    private const int KeptBytes = 256 * 1024;
    private const int FirstBytes = 4 * 1024;

    private byte[] _octets = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _octets.AsMemory(0, Length);

    /// <summary>Room for exactly <paramref name="count"/> octets, counted as written.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_octets.Length - Length < count) Grow(count);
        Span<byte> room = _octets.AsSpan(Length, count);
        Length += count;
        return room;
    }

    public void Write(ReadOnlySpan<byte> octets) => octets.CopyTo(Reserve(octets.Length));

    public void Clear()
    {
        Length = 0;
        if (_octets.Length > KeptBytes) Release();
    }

    /// <summary>Gives the memory back; the buffer may be used again.</summary>
    public void Release()
    {
        if (_octets.Length > 0) ArrayPool<byte>.Shared.Return(_octets);
        _octets = [];
        Length = 0;
    }

    private void Grow(int count)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBytes, checked(Math.Max(_octets.Length * 2, Length + count))));
        _octets.AsSpan(0, Length).CopyTo(larger);
        if (_octets.Length > 0) ArrayPool<byte>.Shared.Return(_octets);
        _octets = larger;
    }
}
