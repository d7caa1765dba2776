using LibGit2Sharp;
using Quintet.ConfigServer.Properties;

namespace Quintet.ConfigServer.Sources;

/// <summary>
/// Where configuration files lie in a repository: in the folders that the search paths name, a placeholder standing for any one name. What
/// lies elsewhere, begins with a dot or is a symbolic link is none of the server's business.
/// </summary>
internal sealed class FilePaths(IReadOnlyList<string> searchPaths)
{
    private readonly string[][] folders = [.. searchPaths.Select(path => path.Split('/', StringSplitOptions.RemoveEmptyEntries))];

    public IEnumerable<TreeEntry> FilesOf(Tree root) =>
        folders.SelectMany(folder => FilesIn(root, folder)).DistinctBy(entry => entry.Path);

    /// <summary>Whether a file of this path would be read. The path is not the name of a folder.</summary>
    public bool Contains(string path)
    {
        string[] segments = path.Split('/');
        return IsConfiguration(segments[^1])
            && folders.Any(folder => folder.Length == segments.Length - 1 && folder.Zip(segments).All(pair => Matches(pair.First, pair.Second)));
    }

    private static IEnumerable<TreeEntry> FilesIn(Tree tree, ReadOnlyMemory<string> folder)
    {
        if (folder.IsEmpty) return tree.Where(entry => entry.Mode is Mode.NonExecutableFile or Mode.ExecutableFile && IsConfiguration(entry.Name));
        return tree
            .Where(entry => entry.TargetType == TreeEntryTargetType.Tree && Matches(folder.Span[0], entry.Name))
            .SelectMany(entry => FilesIn((Tree)entry.Target, folder[1..]));
    }

    private static bool IsConfiguration(string name) => !name.StartsWith('.') && PropertyFileReader.FormatOf(name) is not null;

    private static bool Matches(string pattern, string name) => pattern.Contains('{', StringComparison.Ordinal) ? !name.StartsWith('.') : pattern == name;
}
