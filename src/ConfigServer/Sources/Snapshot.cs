using System.Collections.Concurrent;
using System.Collections.Frozen;
using Quintet.ConfigServer.Properties;

namespace Quintet.ConfigServer.Sources;

/// <summary>What snapshots need to know of the options.</summary>
internal sealed record SnapshotSettings(ConfigServerOptions Options)
{
    public ReadLimits ReadLimits { get; } = new(Options.Limits.Depth, Options.Limits.Properties);
}

/// <summary>What a client asks for.</summary>
/// <param name="Applications">In the order of the request, separated by commas.</param>
/// <param name="Profiles">In the order of the request, separated by commas.</param>
internal sealed record EnvironmentName(string Applications, string Profiles);

/// <summary>
/// The configuration files of one commit, parsed. Never changes, so requests read it without a lock; answers made from it are kept as long
/// as <see cref="Reserve"/> gives room.
/// </summary>
internal sealed class Snapshot
{
    private const string SharedName = "application";
    private const int BytesPerProperty = 32; // a reference to a shared property, and its share of the array
    private const int BytesPerEnvironment = 1024;

    private static readonly string[] Endings = [".properties", ".yml", ".yaml", ".json"]; // strongest first, as Spring Boot loads them

    private readonly FrozenDictionary<string, PropertyFile> files;
    private readonly SnapshotSettings settings;
    private readonly ConcurrentDictionary<EnvironmentName, EffectiveEnvironment> environments = new();
    private long reservedBytes;

    public Snapshot(string commit, IReadOnlyDictionary<string, PropertyFile> files, SnapshotSettings settings)
    {
        Commit = commit;
        this.files = files.ToFrozenDictionary(StringComparer.Ordinal);
        this.settings = settings;
    }

    public string Commit { get; }

    public EffectiveEnvironment EnvironmentOf(EnvironmentName name)
    {
        if (environments.TryGetValue(name, out EffectiveEnvironment? known)) return known;
        IEnumerable<PropertySource> sources = SourcesOf(name.Applications.Split(','), name.Profiles.Split(','));
        if (settings.Options.DecryptValues) sources = sources.Select(source => source.WithoutCiphers());
        EffectiveEnvironment environment = new(this, name, [.. sources]);
        long bytes = BytesPerEnvironment + BytesPerProperty * environment.Sources.Sum(source => (long)source.Properties.Count);
        return Reserve(bytes) ? environments.GetOrAdd(name, environment) : environment;
    }

    /// <summary>Whether this many more bytes may be kept with the snapshot.</summary>
    public bool Reserve(long bytes)
    {
        if (Interlocked.Add(ref reservedBytes, bytes) <= settings.Options.Limits.CachedBytes) return true;
        Interlocked.Add(ref reservedBytes, -bytes);
        return false;
    }

    /// <summary>
    /// The order of Spring Boot: profile before generic and the last profile first; then the later folder, the application before what is
    /// shared, <c>.properties</c> before <c>.yml</c>, the later document before the earlier.
    /// </summary>
    private IEnumerable<PropertySource> SourcesOf(string[] applications, string[] profiles)
    {
        string[] names = [.. applications.Prepend(SharedName).Distinct().Reverse()];
        string[] folders = [.. settings.Options.SearchPaths.SelectMany(path => FoldersOf(path, applications, profiles)).Distinct().Reverse()];
        HashSet<string> active = new(profiles, StringComparer.Ordinal);
        IEnumerable<string> suffixes = profiles.Reverse().Distinct().Select(profile => $"-{profile}").Append("");

        return
            from suffix in suffixes
            from folder in folders
            from name in names
            from ending in Endings
            from source in DocumentsOf($"{folder}{name}{suffix}{ending}", active)
            select source;
    }

    private IEnumerable<PropertySource> DocumentsOf(string path, HashSet<string> active)
    {
        if (!files.TryGetValue(path, out PropertyFile? file)) yield break;
        for (int i = file.Documents.Count - 1; i >= 0; i--)
        {
            PropertyDocument document = file.Documents[i];
            if (document.Activation?.Matches(active) == false) continue;
            yield return new PropertySource(file.Documents.Count == 1 ? path : $"{path} (document #{i})", path, document.Properties);
        }
    }

    private static IEnumerable<string> FoldersOf(string template, string[] applications, string[] profiles)
    {
        string folder = string.Join('/', template.Split('/', StringSplitOptions.RemoveEmptyEntries));
        return
            from application in Fill([folder], "{application}", applications)
            from full in Fill([application], "{profile}", profiles)
            select full.Length == 0 ? "" : full + "/";
    }

    private static IEnumerable<string> Fill(IEnumerable<string> templates, string placeholder, string[] names) =>
        templates.SelectMany(template => template.Contains(placeholder, StringComparison.Ordinal)
            ? names.Select(name => template.Replace(placeholder, name, StringComparison.Ordinal))
            : [template]);
}
