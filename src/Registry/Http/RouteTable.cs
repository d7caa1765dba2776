using System.Diagnostics.CodeAnalysis;

namespace Quintet.Registry.Http;

/// <summary>One path and what its methods do.</summary>
internal sealed class Route
{
    // The order in which Consul lists them.
    private static readonly string[] Order = ["GET", "PUT", "DELETE"];

    public Dictionary<string, Func<Call, Task>> Methods { get; } = [];

    /// <summary>The value of the <c>Allow</c> header.</summary>
    public string Allow => string.Join(',', Order.Where(Methods.ContainsKey).Prepend("OPTIONS"));
}

/// <summary>
/// The paths of the API. A path that ends in a slash is a prefix, and what follows it reaches the handler decoded. The framework's own
/// routing would decode twice and cannot tell <c>%2F</c> from a slash.
/// </summary>
internal sealed class RouteTable
{
    private readonly Dictionary<string, Route> _exact = [];
    private readonly List<KeyValuePair<string, Route>> _prefixes = [];

    public void Get(string path, Func<Call, Task> handler) => Map("GET", path, handler);

    public void Put(string path, Func<Call, Task> handler) => Map("PUT", path, handler);

    public void Delete(string path, Func<Call, Task> handler) => Map("DELETE", path, handler);

    public bool TryFind(string path, [NotNullWhen(true)] out Route? route, out string rest)
    {
        rest = "";
        if (_exact.TryGetValue(path, out route)) return true;
        foreach ((string prefix, Route candidate) in _prefixes)
        {
            if (!path.StartsWith(prefix, StringComparison.Ordinal)) continue;
            rest = path[prefix.Length..];
            route = candidate;
            return true;
        }

        return false;
    }

    /// <summary>Whether the path with a slash behind it would be found: Consul then redirects.</summary>
    public bool IsPrefixWithoutSlash(string path) => _prefixes.Exists(pair => pair.Key.AsSpan(0, pair.Key.Length - 1).SequenceEqual(path));

    private void Map(string method, string path, Func<Call, Task> handler)
    {
        if (!path.EndsWith('/'))
        {
            if (!_exact.TryGetValue(path, out Route? exact)) _exact[path] = exact = new Route();
            exact.Methods.Add(method, handler);
            return;
        }

        int at = _prefixes.FindIndex(pair => pair.Key == path);
        if (at < 0)
        {
            at = _prefixes.FindIndex(pair => pair.Key.Length < path.Length); // the longest first
            if (at < 0) at = _prefixes.Count;
            _prefixes.Insert(at, new(path, new Route()));
        }

        _prefixes[at].Value.Methods.Add(method, handler);
    }
}
