using System.Globalization;
using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace Quintet.Supervision.Builds;

/// <summary>
/// Decides by names, sizes and times of files whether a project must be built: everything below the folders of the project and of the
/// projects it references, and the files above them that MSBuild and NuGet look for on their own.
/// </summary>
internal static class SourceFingerprint
{
    private static readonly string[] FilesAbove =
        ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "NuGet.Config", "nuget.config", ".editorconfig"];

    /// <summary>The restore itself writes it, from the project files that count already.</summary>
    private const string LockFile = "packages.lock.json";

    private static readonly string[] FoldersWithoutSources = ["bin", "obj", "artifacts", "node_modules"];

    public static string Of(string project)
    {
        SortedDictionary<string, (long Size, long Ticks)> files = new(StringComparer.Ordinal);
        HashSet<string> foldersAbove = new(StringComparer.Ordinal);
        foreach (string member in WithReferences(project))
        {
            string folder = Path.GetDirectoryName(member)!;
            // A one-file program owns its file, not the folder it happens to lie in.
            if (Path.GetExtension(member) == ".cs") Add(files, new FileInfo(member));
            else AddBelow(files, folder);
            for (string? above = folder; above is not null && foldersAbove.Add(above); above = Path.GetDirectoryName(above))
                foreach (string name in FilesAbove) Add(files, new FileInfo(Path.Combine(above, name)));
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string path, (long size, long ticks)) in files)
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{path}\0{size}\0{ticks}\n")));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The project and all it references, directly or not.</summary>
    private static HashSet<string> WithReferences(string project)
    {
        HashSet<string> found = new(StringComparer.Ordinal);
        Stack<string> open = new([project]);
        while (open.TryPop(out string? next))
            if (File.Exists(next) && found.Add(next))
                foreach (string reference in ReferencesOf(next)) open.Push(Path.GetFullPath(reference.Replace('\\', '/'), Path.GetDirectoryName(next)!));
        return found;
    }

    private static IEnumerable<string> ReferencesOf(string project)
    {
        if (Path.GetExtension(project) == ".cs")
            return File.ReadLines(project).TakeWhile(line => line.Length == 0 || line[0] is '#' or '/')
                .Where(line => line.StartsWith("#:project ", StringComparison.Ordinal))
                .Select(line => line["#:project ".Length..].Trim())
                .SelectMany(path => Directory.Exists(Path.GetFullPath(path, Path.GetDirectoryName(project)!))
                    ? Directory.GetFiles(Path.GetFullPath(path, Path.GetDirectoryName(project)!), "*.csproj")
                    : [path]);
        try
        {
            return [.. XDocument.Load(project).Descendants().Where(e => e.Name.LocalName == "ProjectReference")
                .Select(e => (string?)e.Attribute("Include")).OfType<string>()];
        }
        catch (System.Xml.XmlException)
        {
            return []; // the build itself says better what is wrong with it
        }
    }

    private static void AddBelow(SortedDictionary<string, (long Size, long Ticks)> files, string folder)
    {
        FileSystemEnumerable<FileInfo> below = new(
            folder,
            (ref FileSystemEntry entry) => (FileInfo)entry.ToFileSystemInfo(),
            new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && !entry.FileName.StartsWith('.')
                && !entry.FileName.SequenceEqual(LockFile),
            ShouldRecursePredicate = (ref FileSystemEntry entry) =>
                !entry.FileName.StartsWith('.') && !FoldersWithoutSources.Contains(entry.FileName.ToString()),
        };
        foreach (FileInfo file in below) Add(files, file);
    }

    private static void Add(SortedDictionary<string, (long Size, long Ticks)> files, FileInfo file)
    {
        if (file.Exists) files[file.FullName] = (file.Length, file.LastWriteTimeUtc.Ticks);
    }
}
