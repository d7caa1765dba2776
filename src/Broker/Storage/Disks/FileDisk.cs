// A folder on a real disk. The only bytes of its own are the empty file `.lock`, held open so that two processes never share a log.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Quintet.Broker.Storage.Disks;

/// <summary>A folder of the machine's. Holds a lock on it until disposed.</summary>
internal sealed partial class FileDisk : Disk
{
    private const string LockName = ".lock";
    private const int NoSpaceLeft = 28;            // ENOSPC
    private const int QuotaExceeded = 122;         // EDQUOT
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    private readonly SafeFileHandle _lock;

    /// <exception cref="StorageException">Another process works in the folder, or it cannot be made.</exception>
    public FileDisk(string folder)
    {
        Folder = Path.GetFullPath(folder);
        try
        {
            Directory.CreateDirectory(Folder);
            _lock = File.OpenHandle(Path.Combine(Folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"cannot work in {Folder}, perhaps another broker does: {failure.Message}", failure);
        }
    }

    public override string Folder { get; }

    public override long FreeBytes => new DriveInfo(Folder).AvailableFreeSpace;

    public override IReadOnlyList<string> List() =>
        [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)!).Where(name => name != LockName)];

    public override DiskFile Create(string name, long bytes) => new OpenFile(Path.Combine(Folder, name), FileMode.Create, bytes);

    public override DiskFile Open(string name) => new OpenFile(Path.Combine(Folder, name), FileMode.Open, 0);

    public override void Rename(string from, string to) => File.Move(Path.Combine(Folder, from), Path.Combine(Folder, to), overwrite: true);

    public override void Delete(string name) => File.Delete(Path.Combine(Folder, name));

    public override void SyncFolder()
    {
        // Windows keeps the names of a folder in its journal and offers no way to ask for more.
        if (OperatingSystem.IsWindows())
            return;
        // .NET refuses to open a folder as a file, so the calls are made directly.
        int folder = Posix.Open(Folder, 0);
        if (folder < 0)
            throw Posix.Failed("open", Folder);
        try
        {
            if (Posix.Sync(folder) != 0)
                throw Posix.Failed("fsync", Folder);
        }
        finally
        {
            _ = Posix.Close(folder);
        }
    }

    public override bool MeansFull(IOException failure) =>
        failure.HResult is NoSpaceLeft or QuotaExceeded or WindowsDiskFull or WindowsHandleDiskFull;

    public override void Dispose() => _lock.Dispose();

    private sealed class OpenFile : DiskFile
    {
        private readonly SafeFileHandle _handle;
        private readonly string _path;

        public OpenFile(string path, FileMode mode, long preallocated)
        {
            _path = path;
            _handle = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, FileOptions.None, preallocated);
        }

        public override long Length => RandomAccess.GetLength(_handle);

        public override int Read(Span<byte> buffer, long offset)
        {
            int total = 0;
            while (total < buffer.Length)
            {
                int count = RandomAccess.Read(_handle, buffer[total..], offset + total);
                if (count == 0)
                    break;
                total += count;
            }

            return total;
        }

        public override void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
        {
            if (buffers.Count == 1)
                RandomAccess.Write(_handle, buffers[0].Span, offset);
            else
                RandomAccess.Write(_handle, buffers, offset);
        }

        public override void SyncData()
        {
            // fdatasync leaves out the times of the file, which nobody needs back; elsewhere the runtime's fsync does.
            if (!OperatingSystem.IsLinux())
            {
                RandomAccess.FlushToDisk(_handle);
                return;
            }

            if (Posix.SyncData(_handle) != 0)
                throw Posix.Failed("fdatasync", _path);
        }

        public override void Truncate(long length) => RandomAccess.SetLength(_handle, length);

        public override void Dispose() => _handle.Dispose();
    }

    private static partial class Posix
    {
        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "close")]
        public static partial int Close(int descriptor);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        public static partial int Sync(int descriptor);

        [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        public static partial int SyncData(SafeFileHandle file);

        public static IOException Failed(string call, string path)
        {
            int error = Marshal.GetLastPInvokeError();
            return new IOException($"{call} of {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }
    }
}
