using Quintet.Broker.Storage.Disks;

namespace Quintet.Broker.Tests.Systems;

/// <summary>A disk that counts how often files are synced.</summary>
internal sealed class CountingDisk(Disk inner) : Disk
{
    private int _syncs;

    public int Syncs => Volatile.Read(ref _syncs);

    public override string Folder => inner.Folder;

    public override long FreeBytes => inner.FreeBytes;

    public override IReadOnlyList<string> List() => inner.List();

    public override DiskFile Create(string name, long bytes) => new CountedFile(this, inner.Create(name, bytes));

    public override DiskFile Open(string name) => new CountedFile(this, inner.Open(name));

    public override void Rename(string from, string to) => inner.Rename(from, to);

    public override void Delete(string name) => inner.Delete(name);

    public override void SyncFolder() => inner.SyncFolder();

    public override bool MeansFull(IOException failure) => inner.MeansFull(failure);

    public override void Dispose() => inner.Dispose();

    private sealed class CountedFile(CountingDisk disk, DiskFile inner) : DiskFile
    {
        public override long Length => inner.Length;

        public override int Read(Span<byte> buffer, long offset) => inner.Read(buffer, offset);

        public override void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset) => inner.Write(buffers, offset);

        public override void SyncData()
        {
            Interlocked.Increment(ref disk._syncs);
            inner.SyncData();
        }

        public override void Truncate(long length) => inner.Truncate(length);

        public override void Dispose() => inner.Dispose();
    }
}
