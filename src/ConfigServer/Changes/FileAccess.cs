using Quintet.ConfigServer.Access;

namespace Quintet.ConfigServer.Changes;

/// <summary>Which files of the repository a token may touch.</summary>
internal static class FileAccess
{
    private const string SharedName = "application";

    /// <summary>Whether a path can be a file of a repository that people also check out, on any system.</summary>
    public static bool IsPath(string path) =>
        path.Length > 0
        && !path.Contains(':', StringComparison.Ordinal)
        && path.Split('/').All(part => part.Length > 0 && part != "."
            && !part.StartsWith(".git", StringComparison.OrdinalIgnoreCase)
            && !part.StartsWith("git~", StringComparison.OrdinalIgnoreCase));

    /// <summary>Its own applications' files, and the shared ones, which are part of every environment anyway.</summary>
    public static bool MayRead(Grant grant, string path) =>
        grant.HasAll || (IsAtRoot(path) && (IsShared(path) || grant.Owns(StemOf(path))));

    /// <summary>Its own applications' files. The shared ones reach every application, so only a token for all may write them.</summary>
    public static bool MayWrite(Grant grant, string path) =>
        grant.MayWrite && (grant.HasAll || (IsAtRoot(path) && !IsShared(path) && grant.Owns(StemOf(path))));

    private static bool IsAtRoot(string path) => !path.Contains('/', StringComparison.Ordinal);

    private static bool IsShared(string path) =>
        StemOf(path) is var stem && (stem == SharedName || stem.StartsWith(SharedName + "-", StringComparison.Ordinal));

    private static string StemOf(string path) => Path.GetFileNameWithoutExtension(path);
}
