using Quintet.Client.Consul;

namespace Quintet.Console.Parts;

/// <summary>A pattern that a service claims at the gateway.</summary>
/// <param name="Pattern">As it was registered.</param>
/// <param name="Service">Who claims it.</param>
/// <param name="Instances">Its instances, well or not.</param>
internal sealed record ClaimedRoute(string Pattern, string Service, IReadOnlyList<ServiceInstance> Instances)
{
    public int Passing => Instances.Count(i => i.Status is InstanceStatus.Passing or InstanceStatus.Warning);
}

/// <summary>What the instances in the registry claim, as the gateway reads it.</summary>
internal static class RouteList
{
    public static IReadOnlyList<ClaimedRoute> Of(IReadOnlyList<ServiceInstance> instances) =>
    [
        .. instances.GroupBy(i => i.Name).SelectMany(service => service
            .SelectMany(i => ServiceDeclaration.Of(i.Meta).Routes).Distinct()
            .Select(pattern => new ClaimedRoute(pattern, service.Key, [.. service])))
        .OrderBy(route => route.Pattern, StringComparer.Ordinal),
    ];
}
