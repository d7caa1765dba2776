namespace Quintet.Broker.Storage;

/// <summary>
/// A message lent out of the cache: valid until disposed. Dispose exactly once, and soon: the lease keeps a block of memory from being used again,
/// so do not hold it while waiting for a slow peer.
/// </summary>
internal readonly struct StoredMessage : IDisposable
{
    private readonly Segments.Block? _block;

    internal StoredMessage(Segments.Block block, MessageStamp stamp, ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> body)
    {
        _block = block;
        Stamp = stamp;
        Envelope = envelope;
        Body = body;
    }

    public MessageStamp Stamp { get; }

    public ReadOnlyMemory<byte> Envelope { get; }

    public ReadOnlyMemory<byte> Body { get; }

    public void Dispose() => _block?.Release();
}
