using System.Globalization;
using System.Text;

namespace Quintet.Supervision.Logs;

/// <summary>How much of each instance's output is kept.</summary>
/// <param name="BytesMax">Size at which a file is put aside. Default 8 MiB: some hours of a talkative service.</param>
/// <param name="FilesMax">Files kept for each instance, the current one included.</param>
internal sealed record LogLimits(long BytesMax = 8 << 20, int FilesMax = 3);

/// <summary>
/// The log of one instance: <c>users-1.log</c>, older ones <c>users-1.1.log</c>, <c>users-1.2.log</c>. A line is the time in UTC
/// (<c>2026-01-31T12:00:00.000Z</c>), a blank, and what the process wrote. A disk that cannot take lines loses them, counted; the
/// process that writes is never held up.
/// </summary>
internal sealed class LogFile(string path, LogLimits limits, TimeProvider time) : IDisposable
{
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    // After a failed write the disk gets a moment before it is tried again.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private FileStream? _file;
    private long _failedAt;
    private long _lost;

    public string Path => path;

    /// <summary>Lines that the disk did not take.</summary>
    public long LinesLost => Interlocked.Read(ref _lost);

    public void Write(string line) => Write(Encoding.UTF8.GetBytes(line));

    public void Write(ReadOnlySpan<byte> line)
    {
        Span<byte> stamp = stackalloc byte[TimeFormat.Length];
        lock (_gate)
        {
            if (_file is null && _lost > 0 && time.GetElapsedTime(_failedAt) < RetryAfter)
            {
                _lost++;
                return;
            }

            try
            {
                FileStream file = Open();
                time.GetUtcNow().TryFormat(stamp, out int written, TimeFormat, CultureInfo.InvariantCulture);
                file.Write(stamp[..written]);
                file.WriteByte((byte)' ');
                file.Write(line);
                file.WriteByte((byte)'\n');
                file.Flush(flushToDisk: false);
                if (file.Length >= limits.BytesMax) Rotate();
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                _lost++;
                _failedAt = time.GetTimestamp();
                Close();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate) Close();
    }

    /// <summary>The name of the file that was put aside <paramref name="age"/> files ago; 0 is the current one.</summary>
    public static string PathOf(string path, int age) => age == 0 ? path : System.IO.Path.ChangeExtension(path, $".{age}.log");

    private FileStream Open()
    {
        if (_file is not null) return _file;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        FileStreamOptions options = new()
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 16 << 10,
        };
        // Logs may quote what users sent: for the owner's eyes.
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return _file = new FileStream(path, options);
    }

    private void Rotate()
    {
        Close();
        File.Delete(PathOf(path, limits.FilesMax - 1));
        for (int age = limits.FilesMax - 2; age >= 0; age--)
            if (File.Exists(PathOf(path, age))) File.Move(PathOf(path, age), PathOf(path, age + 1), overwrite: true);
    }

    private void Close()
    {
        FileStream? file = _file;
        _file = null;
        try
        {
            file?.Dispose();
        }
        catch (IOException)
        {
            // What was buffered does not fit on the disk; the lines are counted by the write that failed before.
        }
    }
}
