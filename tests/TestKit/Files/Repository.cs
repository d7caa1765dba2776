using System.Reflection;

namespace Quintet.TestKit.Files;

/// <summary>Where the checkout and its build output are.</summary>
public static class Repository
{
    /// <summary>The folder that holds Quintet.slnx.</summary>
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>A file or folder of the checkout.</summary>
    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The <c>quintet</c> executable that was built together with the running test program.</summary>
    public static string Command
    {
        get
        {
            // …/bin/<test project>/<configuration>/ → …/bin/Quintet/<configuration>/quintet
            string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            string built = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Quintet", configuration, "quintet"));
            return File.Exists(built) ? built : throw new FileNotFoundException($"The command is not built: '{built}'. Run dotnet build at the root.");
        }
    }
}
