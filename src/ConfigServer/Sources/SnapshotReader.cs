using LibGit2Sharp;
using Quintet.ConfigServer.Properties;

namespace Quintet.ConfigServer.Sources;

/// <summary>The outcome of reading a commit: a snapshot, or what is wrong with it.</summary>
internal sealed record SnapshotReading(Snapshot? Snapshot, IReadOnlyList<FileFault> Faults);

/// <summary>
/// Reads commits into snapshots. A blob is parsed once however many commits contain it, so that looking back through history costs little.
/// Not safe for several threads: <see cref="Labels"/> reads under its gate.
/// </summary>
internal sealed class SnapshotReader(SnapshotSettings settings)
{
    private const int FaultsMax = 20;
    private const int ParsedMax = 20_000;

    private readonly Dictionary<(ObjectId Blob, PropertyFormat Format), Parsed> parsed = [];
    private readonly FilePaths paths = new(settings.Options.SearchPaths);

    public SnapshotReading Read(Commit commit)
    {
        List<FileFault> faults = [];
        Dictionary<string, PropertyFile> files = new(StringComparer.Ordinal);
        long bytes = 0;
        foreach (TreeEntry entry in paths.FilesOf(commit.Tree))
        {
            if (files.Count + faults.Count >= settings.Options.Limits.Files)
                return new SnapshotReading(null, [new FileFault(entry.Path, 0, $"more than {settings.Options.Limits.Files} configuration files")]);

            Blob blob = (Blob)entry.Target;
            Parsed file = blob.Size > settings.Options.Limits.FileBytes ? TooLarge() : Parse(blob, PropertyFileReader.FormatOf(entry.Name)!.Value);
            bytes += blob.Size;
            if (bytes > settings.Options.Limits.CommitBytes)
                return new SnapshotReading(null, [new FileFault(entry.Path, 0, $"more than {settings.Options.Limits.CommitBytes} bytes in all files")]);

            if (file.Good is not null) files.Add(entry.Path, file.Good);
            else if (faults.Count < FaultsMax) faults.Add(new FileFault(entry.Path, file.Line, file.Message));
        }

        return new SnapshotReading(faults.Count == 0 ? new Snapshot(commit.Sha, files, settings) : null, faults);
    }

    /// <summary>What is wrong with a file that is about to be written; null when nothing is, or when it is no configuration file.</summary>
    public FileFault? FaultOf(string path, byte[] content)
    {
        if (!paths.Contains(path) || PropertyFileReader.FormatOf(path) is not { } format) return null;
        Parsed file = Parse(content, format);
        return file.Good is null ? new FileFault(path, file.Line, file.Message) : null;
    }

    private Parsed Parse(Blob blob, PropertyFormat format)
    {
        if (parsed.TryGetValue((blob.Id, format), out Parsed? known)) return known;
        using MemoryStream content = new();
        using (Stream stored = blob.GetContentStream()) stored.CopyTo(content);
        if (parsed.Count >= ParsedMax) parsed.Clear();
        return parsed[(blob.Id, format)] = Parse(content.ToArray(), format);
    }

    private Parsed Parse(byte[] content, PropertyFormat format)
    {
        try
        {
            return new Parsed(PropertyFileReader.Read(content, format, settings.ReadLimits), 0, "");
        }
        catch (PropertyFileException fault)
        {
            return new Parsed(null, fault.Line, fault.Message);
        }
    }

    private Parsed TooLarge() => new(null, 0, $"larger than {settings.Options.Limits.FileBytes} bytes");

    private sealed record Parsed(PropertyFile? Good, int Line, string Message);
}
