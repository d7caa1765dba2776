using Quintet.Broker.Storage.Disks;

namespace Quintet.Broker.Tests.Hosts;

/// <summary>
/// A folder of the machine's, and beside it the shadow: what would be left of it if the power went. Bytes get there when their file is synced,
/// names when the folder is; nothing else does. A broker that is killed can be started again on the shadow alone.
/// </summary>
/// <param name="folder">What the broker works in.</param>
/// <param name="shadow">Holds the same at the start.</param>
/// <param name="beforeSync">Called with the name of a file before it is synced: may throw.</param>
internal sealed class ShadowDisk(string folder, string shadow, Action<string>? beforeSync = null) : Disk
{
    private readonly Lock _gate = new();
    private readonly FileDisk _disk = new(folder);
    // Guarded by _gate. By their present names; a file that was deleted stays in the shadow until the folder is synced.
    private readonly Dictionary<string, Shadow> _names = Directory.GetFiles(shadow).ToDictionary(path => Path.GetFileName(path), path => new Shadow(path));
    private readonly List<Shadow> _deleted = [];
    private readonly string _unnamed = Directory.CreateDirectory(shadow + ".unnamed").FullName;

    public override string Folder => _disk.Folder;

    public override long FreeBytes => _disk.FreeBytes;

    public override IReadOnlyList<string> List() => _disk.List();

    public override DiskFile Create(string name, long bytes)
    {
        lock (_gate)
        {
            if (_names.Remove(name, out Shadow? replaced)) _deleted.Add(replaced);
            _names[name] = new Shadow(Path.Combine(_unnamed, $"{Guid.NewGuid():N}"));
            return new ShadowedFile(this, _disk.Create(name, bytes), _names[name]);
        }
    }

    public override DiskFile Open(string name)
    {
        lock (_gate) return new ShadowedFile(this, _disk.Open(name), _names[name]);
    }

    public override void Rename(string from, string to)
    {
        lock (_gate)
        {
            _disk.Rename(from, to);
            if (_names.Remove(to, out Shadow? replaced)) _deleted.Add(replaced);
            _names.Remove(from, out Shadow? renamed);
            _names[to] = renamed!;
        }
    }

    public override void Delete(string name)
    {
        lock (_gate)
        {
            _disk.Delete(name);
            _names.Remove(name, out Shadow? deleted);
            _deleted.Add(deleted!);
        }
    }

    public override void SyncFolder()
    {
        _disk.SyncFolder();
        lock (_gate)
        {
            foreach (Shadow file in _deleted) File.Delete(file.Path);
            _deleted.Clear();
            foreach ((string name, Shadow file) in _names) file.MoveTo(Path.Combine(shadow, name));
        }
    }

    public override bool MeansFull(IOException failure) => _disk.MeansFull(failure);

    public override void Dispose() => _disk.Dispose();

    private void BeforeSync(string path) => beforeSync?.Invoke(Path.GetFileName(path));

    /// <summary>Where the synced bytes of a file are, whatever its name is at the moment.</summary>
    private sealed class Shadow
    {
        public Shadow(string path)
        {
            Path = path;
            if (!File.Exists(path)) File.WriteAllBytes(path, []);
        }

        public string Path { get; private set; }

        public void MoveTo(string path)
        {
            if (path == Path) return;
            File.Move(Path, path, overwrite: true);
            Path = path;
        }
    }

    private sealed class ShadowedFile(ShadowDisk disk, DiskFile file, Shadow shadow) : DiskFile
    {
        // Guarded by itself.
        private readonly List<(long Offset, long Bytes)> _unsynced = [];

        public override long Length => file.Length;

        public override int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public override void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
        {
            lock (_unsynced) _unsynced.Add((offset, buffers.Sum(buffer => buffer.Length)));
            file.Write(buffers, offset);
        }

        public override void SyncData()
        {
            lock (disk._gate)
            {
                disk.BeforeSync(shadow.Path);
                file.SyncData();
                using FileStream into = new(shadow.Path, FileMode.Open, FileAccess.Write);
                into.SetLength(file.Length);
                foreach ((long offset, long bytes) in Taken()) Copy(into, offset, bytes);
            }
        }

        public override void Truncate(long length) => file.Truncate(length);

        public override void Dispose() => file.Dispose();

        private List<(long Offset, long Bytes)> Taken()
        {
            lock (_unsynced)
            {
                List<(long, long)> taken = [.. _unsynced];
                _unsynced.Clear();
                return taken;
            }
        }

        private void Copy(FileStream into, long offset, long bytes)
        {
            byte[] buffer = new byte[bytes];
            int count = file.Read(buffer, offset);
            into.Position = offset;
            into.Write(buffer, 0, count);
        }
    }
}
