namespace Quintet.Chassis.Data.Engines;

/// <summary>
/// A lock between processes on one machine, held on an open file by the operating system: it is gone the moment its holder dies, however
/// it dies, and a left-over file locks nobody out.
/// </summary>
internal sealed class FileLock : IDisposable, IAsyncDisposable
{
    /// <summary>Between two looks at a lock that somebody else holds.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Waits until nobody else holds the lock.</summary>
    /// <exception cref="TimeoutException">Somebody held it for all of <paramref name="patience"/>.</exception>
    public static async Task<FileLock> TakeAsync(string path, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            if (TryOpen(path) is { } file) return new FileLock(file);
            if (time.GetElapsedTime(started) > patience)
                throw new TimeoutException($"another process has held {path} for {patience.TotalSeconds:0} s; is another instance stuck in a migration?");
            await Task.Delay(Pause, time, cancellation);
        }
    }

    public void Dispose() => _file.Dispose();

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    // On Unix FileShare.None is flock(LOCK_EX | LOCK_NB) on the open file.
    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault) when (fault is not (DirectoryNotFoundException or PathTooLongException or FileNotFoundException))
        {
            return null;
        }
    }
}
