namespace Quintet.Broker.Storage.Disks;

/// <summary>A folder of the machine's.</summary>
internal sealed class FileDisk : Disk
{
    public FileDisk(string folder) => Folder = folder;

    public override string Folder { get; }

    public override long FreeBytes => throw new NotImplementedException();

    public override IReadOnlyList<string> List() => throw new NotImplementedException();

    public override DiskFile Create(string name, long bytes) => throw new NotImplementedException();

    public override DiskFile Open(string name) => throw new NotImplementedException();

    public override void Rename(string from, string to) => throw new NotImplementedException();

    public override void Delete(string name) => throw new NotImplementedException();

    public override void SyncFolder() => throw new NotImplementedException();

    public override bool MeansFull(IOException failure) => throw new NotImplementedException();

    public override void Dispose() => throw new NotImplementedException();
}
