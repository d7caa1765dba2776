using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Quintet.Supervision.Logs;

namespace Quintet.Terminal;

/// <summary>The logs of a part, or of all, from the folder they lie in; follows files that are put aside and instances that come later.</summary>
internal sealed class LogTail(string folder, string? part)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, long> _read = [];

    /// <summary>There is no log of such a part.</summary>
    public bool IsUnknown => Files().Count == 0;

    /// <summary>The last lines of each log, merged.</summary>
    public IReadOnlyList<LogLine> Last(int lines)
    {
        List<LogLine> found = [];
        foreach ((string instance, string file) in Files())
        {
            // Taken before reading: what is written in between is shown twice rather than never.
            _read[file] = new FileInfo(file).Length;
            found.AddRange(LogReader.Tail(file, lines).Select(line => LogLine.Parse(instance, line)));
        }

        return [.. found.OrderBy(line => line.Time)];
    }

    /// <summary>What is written from now on.</summary>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> FollowAsync(TimeProvider time, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            List<LogLine> found = [];
            foreach ((string instance, string file) in Files()) found.AddRange(ReadOn(instance, file));
            if (found.Count > 0) yield return [.. found.OrderBy(line => line.Time)];
            await Task.Delay(Pause, time, cancellation);
        }
    }

    private IEnumerable<LogLine> ReadOn(string instance, string file)
    {
        long from = _read.GetValueOrDefault(file);
        List<LogLine> lines = [];
        long length = new FileInfo(file) is { Exists: true } info ? info.Length : 0;
        if (length < from)
        {
            // Put aside: first the rest of the old file, then the new one from its start.
            string old = LogFile.PathOf(file, 1);
            if (File.Exists(old)) lines.AddRange(ReadLines(instance, old, from).Lines);
            from = 0;
        }

        (List<LogLine> next, long end) = ReadLines(instance, file, from);
        _read[file] = end;
        lines.AddRange(next);
        return lines;
    }

    /// <summary>The whole lines from a position, and where the next one begins.</summary>
    private static (List<LogLine> Lines, long End) ReadLines(string instance, string file, long from)
    {
        List<LogLine> lines = [];
        if (!File.Exists(file)) return (lines, from);
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[Math.Max(0, stream.Length - from)];
        stream.Seek(from, SeekOrigin.Begin);
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        int end = bytes.AsSpan(0, read).LastIndexOf((byte)'\n') + 1;
        foreach (string line in Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            lines.Add(LogLine.Parse(instance, line));
        return (lines, from + end);
    }

    /// <summary>The current log of each instance: <c>users-1.log</c>, but not <c>users-1.1.log</c>, which is an older one.</summary>
    private List<(string Instance, string File)> Files()
    {
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal)
            .Select(file => (Path.GetFileNameWithoutExtension(file), file))
            .Where(log => !log.Item1.Contains('.', StringComparison.Ordinal) && IsWanted(log.Item1))];
    }

    private bool IsWanted(string instance)
    {
        if (part is null || instance == part) return true;
        return instance.StartsWith(part + "-", StringComparison.Ordinal)
            && int.TryParse(instance.AsSpan(part.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }
}
