using System.Diagnostics;
using Quintet.TestKit.Files;

namespace Quintet.Tidy.House;

/// <summary>The files of the checkout as Git sees them: tracked ones and new ones that are not ignored.</summary>
internal static class Checkout
{
    private static readonly Lazy<IReadOnlyList<string>> All = new(List);

    /// <summary>Paths relative to the root, with forward slashes.</summary>
    public static IEnumerable<string> Files(string pattern, params string[] below) =>
        All.Value.Where(path => path.EndsWith(pattern, StringComparison.Ordinal)
            && (below.Length == 0 || below.Any(b => path.StartsWith(b, StringComparison.Ordinal))));

    /// <summary>C# that people write: no migrations, no generated files.</summary>
    public static IEnumerable<string> Sources(params string[] below) =>
        Files(".cs", below).Where(path => !path.Contains("/Migrations/", StringComparison.Ordinal) && !path.EndsWith(".g.cs", StringComparison.Ordinal));

    public static string Read(string path) => File.ReadAllText(Repository.At(path));

    public static bool Exists(string path) => File.Exists(Repository.At(path)) || Directory.Exists(Repository.At(path));

    private static List<string> List()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Repository.Root,
        };
        using Process git = Process.Start(start)!;
        string output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(path => File.Exists(Repository.At(path)))];
    }
}
