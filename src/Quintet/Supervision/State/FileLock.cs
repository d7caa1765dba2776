using Quintet.Supervision.Processes;

namespace Quintet.Supervision.State;

/// <summary>Held for the moment of a change by one process at a time; the others wait. The kernel gives it back when its holder ends.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    public static FileLock Take(string path)
    {
        // Shared, so that opening it refuses nobody: waiting is the lock's affair.
        FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (OperatingSystem.IsLinux() && Native.LockFile((int)file.SafeFileHandle.DangerousGetHandle(), Native.LockExclusive) != 0)
        {
            file.Dispose();
            throw new IOException($"'{path}' cannot be locked");
        }

        return new FileLock(file);
    }

    public void Dispose() => _file.Dispose();
}
