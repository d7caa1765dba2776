namespace Quintet.Gateway.Routes;

/// <summary>Who answers what, at one moment. Immutable; a request uses one table from its beginning to its end.</summary>
internal sealed record RouteTable(IReadOnlyList<ServiceRoutes> Services)
{
    public static RouteTable Empty { get; } = new([]);
}

/// <summary>One service of the table.</summary>
/// <param name="Name">The service's name in the registry.</param>
/// <param name="Paths">The path patterns it answers, as ASP.NET Core routing reads them: <c>/users/{**rest}</c>.</param>
/// <param name="Instances">The instances that may be called; none means 503.</param>
internal sealed record ServiceRoutes(string Name, IReadOnlyList<string> Paths, IReadOnlyList<InstanceAddress> Instances)
{
    public ServicePolicy Policy { get; init; } = ServicePolicy.Default;

    /// <summary>Its instances speak HTTP/2 without TLS (gRPC), told by the metadata <c>quintet-protocol=h2c</c>.</summary>
    public bool IsHttp2 { get; init; }

    /// <summary>Since when the registry lists no instance at all; null while it lists one.</summary>
    public DateTimeOffset? GoneSince { get; init; }
}

/// <summary>Where an instance is reached: <c>http://127.0.0.1:5001/</c>.</summary>
internal sealed record InstanceAddress(string Id, string Url);
