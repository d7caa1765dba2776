using System.Globalization;

namespace Quintet.Client.Consul;

/// <summary>
/// What a service says of itself in the metadata of its registration: its routes, which gateways follow, and what it publishes, subscribes to
/// and calls, which people compare with what happens.
/// </summary>
public sealed record ServiceDeclaration
{
    private const int PairsMax = 64; // these two are Consul's
    private const int ValueMax = 512;
    private const string VersionKey = "quintet-version";
    private const string RoutePrefix = "quintet-route-";
    private const string PublishesPrefix = "quintet-publishes-";
    private const string SubscribesPrefix = "quintet-subscribes-";
    private const string CallsPrefix = "quintet-calls-";
    private const string DatabaseKey = "quintet-database";
    private const string CutKey = "quintet-cut";

    /// <summary>The deployed build; null for an instance that says nothing of itself, so that what is missing means nothing.</summary>
    public string? Version { get; init; }

    /// <summary>Path patterns at the gateway's root.</summary>
    public IReadOnlyList<string> Routes { get; init; } = [];

    /// <summary>Events, such as <c>users.user-created</c>.</summary>
    public IReadOnlyList<string> Publishes { get; init; } = [];

    /// <summary>Events of others.</summary>
    public IReadOnlyList<string> Subscribes { get; init; } = [];

    /// <summary>Services that it calls.</summary>
    public IReadOnlyList<string> Calls { get; init; } = [];

    /// <summary>The kind of its database: <c>SQLite</c>; null when it has none, or does not say.</summary>
    public string? Database { get; init; }

    /// <summary>There was no room for all of it, so that what is missing means nothing.</summary>
    public bool IsCut { get; init; }

    /// <summary>What an instance's metadata says.</summary>
    public static ServiceDeclaration Of(IReadOnlyDictionary<string, string> meta) => new()
    {
        Version = meta.GetValueOrDefault(VersionKey),
        Routes = [.. Values(meta, RoutePrefix).Select(route => route.Trim()).Distinct()],
        Publishes = Words(meta, PublishesPrefix),
        Subscribes = Words(meta, SubscribesPrefix),
        Calls = Words(meta, CallsPrefix),
        Database = meta.GetValueOrDefault(DatabaseKey),
        IsCut = meta.ContainsKey(CutKey),
    };

    /// <summary>The pairs that say this. Routes come first; of the rest goes in what the registry has room for, since no request depends on it.</summary>
    public IReadOnlyDictionary<string, string> ToMeta()
    {
        Dictionary<string, string> meta = [];
        if (Version is not null) meta[VersionKey] = Version;
        foreach ((int index, string route) in Routes.Index()) meta[Key(RoutePrefix, index)] = route;
        List<(string Key, string Value)> rest = [.. Packed(PublishesPrefix, Publishes), .. Packed(SubscribesPrefix, Subscribes), .. Packed(CallsPrefix, Calls)];
        if (Database is not null) rest.Add((DatabaseKey, Database));
        int room = Math.Max(0, PairsMax - meta.Count);
        bool isCut = rest.Count > room;
        foreach ((string key, string value) in rest.Take(isCut ? room - 1 : room)) meta[key] = value;
        if (isCut && room > 0) meta[CutKey] = "true";
        return meta;
    }

    private static string Key(string prefix, int index) => prefix + index.ToString(CultureInfo.InvariantCulture);

    /// <summary>Names separated by blanks, as many in a pair as it holds: there are few pairs.</summary>
    private static IEnumerable<(string Key, string Value)> Packed(string prefix, IReadOnlyList<string> names)
    {
        int index = 0;
        string packed = "";
        foreach (string name in names)
        {
            if (packed.Length > 0 && packed.Length + 1 + name.Length > ValueMax)
            {
                yield return (Key(prefix, index++), packed);
                packed = "";
            }

            packed = packed.Length == 0 ? name : $"{packed} {name}";
        }

        if (packed.Length > 0) yield return (Key(prefix, index), packed);
    }

    private static IEnumerable<string> Values(IReadOnlyDictionary<string, string> meta, string prefix) =>
        meta.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(pair => pair.Value);

    private static string[] Words(IReadOnlyDictionary<string, string> meta, string prefix) =>
        [.. Values(meta, prefix).SelectMany(value => value.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct()];
}
