using System.Text.RegularExpressions;
using Quintet.TestKit.Files;

namespace Quintet.Conformance.Broker.Management;

/// <summary>
/// A file of differences that are meant, one a line: what was asked, the difference, and the reason, parted by bars; a star stands for anything.
/// Each has to be seen, or it is no longer true.
/// </summary>
internal sealed class ListedDifferences
{
    private readonly List<Entry> _entries;
    private readonly HashSet<Entry> _seen = [];

    private ListedDifferences(List<Entry> entries) => _entries = entries;

    public static ListedDifferences Read(string file)
    {
        List<Entry> entries = [];
        foreach (string line in File.ReadAllLines(Repository.At("tests", "Conformance", "Broker", "Management", file)))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            string[] parts = line.Split(" | ");
            if (parts.Length != 3) throw new InvalidDataException($"{file}: '{line}' has not three parts");
            entries.Add(new Entry(line, Pattern(parts[0]), Pattern(parts[1])));
        }

        return new ListedDifferences(entries);
    }

    public bool IsListed(string asked, string difference)
    {
        Entry[] matching = [.. _entries.Where(entry => entry.Asked.IsMatch(asked) && entry.Difference.IsMatch(difference))];
        foreach (Entry entry in matching) _seen.Add(entry);
        return matching.Length > 0;
    }

    public IEnumerable<string> Vanished => _entries.Except(_seen).Select(entry => entry.Line);

    private static Regex Pattern(string text) =>
        new($"^{string.Join(".*", text.Trim().Split('*').Select(Regex.Escape))}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    private sealed record Entry(string Line, Regex Asked, Regex Difference);
}
