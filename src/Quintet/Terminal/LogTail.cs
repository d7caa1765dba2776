using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Quintet.Supervision.Logs;

namespace Quintet.Terminal;

/// <summary>The logs of a part, or of all, from the folder they lie in; follows files that are put aside and instances that come later.</summary>
internal sealed class LogTail(string folder, string? part)
{
    /// <summary>More files than any limit of <c>up --log-files</c> would sensibly keep.</summary>
    private const int FilesMax = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, Position> _read = [];

    /// <summary>There is no log of such a part.</summary>
    public bool IsUnknown => Files().Count == 0;

    /// <summary>The last lines of each log, merged.</summary>
    public IReadOnlyList<LogLine> Last(int lines)
    {
        List<LogLine> found = [];
        foreach ((string instance, string file) in Files())
        {
            // Taken before reading: what is written in between is shown twice rather than never.
            _read[file] = new Position(FirstLineOf(file), new FileInfo(file).Length);
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
        if (!File.Exists(file)) return [];
        Position from = _read.GetValueOrDefault(file);
        List<LogLine> lines = [];
        // What was read last may have been put aside meanwhile, once or more often: find it by its first line, and read from there to the newest.
        int age = 0;
        while (from.FirstLine is not null && age < FilesMax && FirstLineOf(LogFile.PathOf(file, age)) != from.FirstLine) age++;
        if (age == FilesMax) (age, from) = (0, default);
        for (; age >= 0; age--)
        {
            string source = LogFile.PathOf(file, age);
            string? firstLine = FirstLineOf(source);
            (List<LogLine> next, long end) = ReadLines(instance, source, from.Offset);
            lines.AddRange(next);
            _read[file] = new Position(firstLine, end);
            from = default;
        }

        return lines;
    }

    /// <summary>Null for a file that is empty or not there.</summary>
    private static string? FirstLineOf(string file)
    {
        if (!File.Exists(file)) return null;
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[512];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        int end = bytes.AsSpan(0, read).IndexOf((byte)'\n');
        return read == 0 ? null : Encoding.UTF8.GetString(bytes, 0, end < 0 ? read : end);
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

    /// <summary>How far a file was read. It is known by its first line, which has a time, since its name moves on.</summary>
    private readonly record struct Position(string? FirstLine, long Offset);
}
