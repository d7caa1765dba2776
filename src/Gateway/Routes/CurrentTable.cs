using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Quintet.Gateway.Routes;

/// <summary>
/// The table in use, and its form for YARP. One writer, the table loop, calls <see cref="Use"/>; YARP rebuilds its routing on that thread
/// and never on a request's.
/// </summary>
internal sealed class CurrentTable(InMemoryConfigProvider proxy, Microsoft.Extensions.Options.IOptions<GatewayOptions> options)
{
    private const string PolicyKey = "quintet.policy";
    private volatile FrozenDictionary<string, ServiceRoutes> _services = FrozenDictionary<string, ServiceRoutes>.Empty;
    private volatile RouteTable? _table;
    private int _generation;

    /// <summary>The table, or null until one is known.</summary>
    public RouteTable? Table => _table;

    /// <summary>How many tables there were.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>The service of a cluster that YARP has chosen.</summary>
    public ServiceRoutes? Find(string service) => _services.GetValueOrDefault(service);

    /// <summary>Puts a table into use. Requests that run keep the one they began with.</summary>
    public void Use(RouteTable table)
    {
        _services = table.Services.ToFrozenDictionary(service => service.Name, StringComparer.Ordinal);
        proxy.Update(RoutesOf(table), [.. table.Services.Select(ClusterOf)]);
        _table = table;
        Interlocked.Increment(ref _generation);
    }

    // The order is ours and unique: routing then never finds two patterns equally good, which it would answer with an exception. More
    // specific patterns come first, as routing itself would have it; the gateway's own paths have order 0 and come before all.
    private static RouteConfig[] RoutesOf(RouteTable table)
    {
        var ranked = table.Services
            .SelectMany(service => service.Paths.Select(path => (Service: service, Path: path, Pattern: RoutePatternFactory.Parse(path))))
            .OrderBy(route => route.Pattern.InboundPrecedence)
            .ThenBy(route => route.Service.Name, StringComparer.Ordinal)
            .ThenBy(route => route.Path, StringComparer.Ordinal);
        return [.. ranked.Select((route, rank) => new RouteConfig
        {
            RouteId = $"{route.Service.Name} {route.Path}",
            ClusterId = route.Service.Name,
            Order = rank + 1,
            Match = new RouteMatch { Path = route.Path },
            Metadata = new Dictionary<string, string> { [PolicyKey] = Hash(route.Service.Policy) },
        })];
    }

    private ClusterConfig ClusterOf(ServiceRoutes service) => new()
    {
        ClusterId = service.Name,
        LoadBalancingPolicy = "PowerOfTwoChoices",
        Destinations = service.Instances.ToDictionary(i => i.Id, i => new DestinationConfig { Address = i.Url }),
        HttpRequest = new ForwarderRequestConfig
        {
            ActivityTimeout = options.Value.Timeouts.Idle,
            Version = service.IsHttp2 ? new Version(2, 0) : new Version(1, 1),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        },
    };

    // YARP compares what it knows to find what changed; the hash makes it see a change of ours too.
    private static string Hash(ServicePolicy policy) =>
        Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(policy, RouteJson.Default.ServicePolicy)).AsSpan(0, 8));
}
