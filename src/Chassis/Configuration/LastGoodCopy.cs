using System.Text.Json;

namespace Quintet.Chassis.Configuration;

/// <summary>
/// What the configuration server said last, on disk, so that a service starts without it. The file may hold secrets and is readable by
/// its owner alone. Instances of a service share it: each writes a file of its own and renames it, so a reader sees a whole one.
/// </summary>
internal sealed class LastGoodCopy(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The copy, or null when there is none or it cannot be read.</summary>
    public Dictionary<string, string?>? Read()
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            Dictionary<string, string?>? read = JsonSerializer.Deserialize<Dictionary<string, string?>>(file);
            return read is null ? null : new Dictionary<string, string?>(read, StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // as good as none: the server will say it again
        }
    }

    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder belongs to somebody else.</exception>
    public void Write(IDictionary<string, string?> values)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (FileStream file = new(temporary, options))
        {
            JsonSerializer.Serialize(file, values);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
