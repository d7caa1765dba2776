namespace Quintet.Broker.Storage.Disks;

/// <summary>
/// One flat folder of files, and the seam at which tests break things. What is promised: bytes are on stable storage after
/// <see cref="DiskFile.SyncData"/> returned, names after <see cref="SyncFolder"/> returned, and nothing sooner or in any order.
/// Failures are <see cref="IOException"/>.
/// </summary>
internal abstract class Disk : IDisposable
{
    /// <summary>For messages to people.</summary>
    public abstract string Folder { get; }

    public abstract long FreeBytes { get; }

    public abstract IReadOnlyList<string> List();

    /// <summary>Makes a file, or empties the one of that name, and reserves its space; throws when there is not enough.</summary>
    public abstract DiskFile Create(string name, long bytes);

    public abstract DiskFile Open(string name);

    public abstract void Rename(string from, string to);

    public abstract void Delete(string name);

    public abstract void SyncFolder();

    /// <summary>Whether a failure means that the disk is full, which passes, or something worse.</summary>
    public abstract bool MeansFull(IOException failure);

    public abstract void Dispose();
}
