using LibGit2Sharp;

namespace Quintet.ConfigServer.Sources;

/// <summary>Where Git keeps objects and branches: the folder itself when bare, <c>.git</c> with a work tree, the main one for a linked work tree.</summary>
internal static class GitFolder
{
    public static string Of(Repository repository)
    {
        string folder = repository.Info.Path;
        string link = Path.Combine(folder, "commondir"); // gitrepository-layout(5)
        return File.Exists(link) ? Path.GetFullPath(Path.Combine(folder, File.ReadAllText(link).Trim())) : folder;
    }
}
