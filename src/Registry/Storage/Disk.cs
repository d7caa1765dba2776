using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Quintet.Registry.Storage;

/// <summary>What the log asks of the file system; tests break it here.</summary>
internal partial class Disk
{
    /// <summary>Writes all of <paramref name="bytes"/> at <paramref name="offset"/>.</summary>
    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    /// <summary>Returns when what was written would survive a loss of power. A failure says nothing about what did.</summary>
    public virtual void Sync(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            RandomAccess.FlushToDisk(file);
        else if (SyncData(file) != 0)
            throw new IOException($"fdatasync failed with errno {Marshal.GetLastPInvokeError()}");
    }

    public virtual void Truncate(SafeFileHandle file, long length) => RandomAccess.SetLength(file, length);

    /// <summary>
    /// Makes names of files in <paramref name="folder"/> durable. Elsewhere than on Linux the file system does so by itself.
    /// </summary>
    public virtual void SyncFolder(string folder)
    {
        if (!OperatingSystem.IsLinux()) return;
        using SafeFileHandle handle = OpenFolder(folder, 0);
        if (handle.IsInvalid || SyncAll(handle) != 0)
            throw new IOException($"fsync of {folder} failed with errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncAll(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFolder(string path, int flags);
}
