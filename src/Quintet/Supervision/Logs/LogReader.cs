using System.Text;

namespace Quintet.Supervision.Logs;

/// <summary>Reads logs back, the files that were put aside included.</summary>
internal static class LogReader
{
    /// <summary>Enough of the end of a file for any number of lines that a person asks for.</summary>
    private const int TailBytesMax = 4 << 20;

    /// <summary>The last lines of a log, oldest first, with their times.</summary>
    public static IReadOnlyList<string> Tail(string path, int lines)
    {
        List<string> found = [];
        for (int age = 0; found.Count < lines; age++)
        {
            string file = LogFile.PathOf(path, age);
            if (!File.Exists(file)) break;
            found.InsertRange(0, LinesAtEnd(file));
        }

        return found.Count <= lines ? found : found.GetRange(found.Count - lines, lines);
    }

    /// <summary>What to say of a line when nobody asks for its time.</summary>
    public static string WithoutTime(string line)
    {
        int blank = line.IndexOf(' ');
        return blank == "0000-00-00T00:00:00.000Z".Length ? line[(blank + 1)..] : line;
    }

    private static string[] LinesAtEnd(string file)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        bool isCut = stream.Length > TailBytesMax;
        if (isCut) stream.Seek(-TailBytesMax, SeekOrigin.End);
        using StreamReader reader = new(stream, Encoding.UTF8);
        string[] lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return isCut ? lines[1..] : lines;
    }
}
