using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Quintet.ConfigServer.Properties;

namespace Quintet.ConfigServer.Sources;

/// <summary>The configuration of an application and its profiles in one commit. Never changes.</summary>
internal sealed class EffectiveEnvironment
{
    private readonly Snapshot snapshot;
    private readonly ConcurrentDictionary<string, byte[]> answers = new(StringComparer.Ordinal);

    public EffectiveEnvironment(Snapshot snapshot, EnvironmentName name, IReadOnlyList<PropertySource> sources)
    {
        this.snapshot = snapshot;
        Name = name;
        Sources = sources;
        State = StateOf(sources);
    }

    public EnvironmentName Name { get; }

    /// <summary>The commit.</summary>
    public string Version => snapshot.Commit;

    /// <summary>Strongest first.</summary>
    public IReadOnlyList<PropertySource> Sources { get; }

    /// <summary>A hash of the content alone: equal in every commit that changes nothing for this environment.</summary>
    public string State { get; }

    /// <summary>A finished answer, made once.</summary>
    /// <param name="key">Whatever the answer depends on beside the environment.</param>
    /// <param name="make">Makes it.</param>
    public byte[] Answer(string key, Func<EffectiveEnvironment, byte[]> make)
    {
        if (answers.TryGetValue(key, out byte[]? known)) return known;
        byte[] made = make(this);
        return snapshot.Reserve(made.Length + key.Length * sizeof(char)) ? answers.GetOrAdd(key, made) : made;
    }

    /// <summary>Names of the properties whose merged values differ. Null for the other means everything is new.</summary>
    public IReadOnlyList<string> ChangedSince(EffectiveEnvironment? other)
    {
        SortedDictionary<string, PropertyValue> now = MergedProperties.Of(Sources);
        SortedDictionary<string, PropertyValue> before = MergedProperties.Of(other?.Sources ?? []);
        return [.. now.Keys.Union(before.Keys)
            .Where(key => !now.TryGetValue(key, out PropertyValue a) || !before.TryGetValue(key, out PropertyValue b) || a != b)
            .Order(StringComparer.Ordinal)];
    }

    // Every text is preceded by its length: no two environments can run together into the same bytes.
    private static string StateOf(IReadOnlyList<PropertySource> sources)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (PropertySource source in sources)
        {
            Append(hash, source.Name);
            Append(hash, source.Properties.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
            foreach (Property property in source.Properties)
            {
                Append(hash, property.Name);
                Append(hash, property.Value.Kind.ToString());
                Append(hash, property.Value.Text);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
