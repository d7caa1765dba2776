using System.Text.Json;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Options;
using Quintet.Client.Consul;
using Quintet.Gateway.Routes;

namespace Quintet.Gateway.Discovery;

/// <summary>An entry that was left out of the table: whose it is and why.</summary>
internal sealed record Quarantined(string Service, string Reason);

/// <summary>
/// Makes a table of what the registry told and of the table before. Each entry is judged alone: a bad one is left out and
/// named, the rest is used. The outcome depends on its inputs alone and not on the order in which services came.
/// </summary>
internal sealed class TableBuilder(PathPattern patterns, IOptions<GatewayOptions> options)
{
    private const string RoutePrefix = "quintet-route-";
    private readonly DiscoveryOptions _options = options.Value.Discovery;

    public (RouteTable Table, IReadOnlyList<Quarantined> Quarantine) Build(RegistryPicture picture, RouteTable before, DateTimeOffset now)
    {
        List<Quarantined> quarantine = [];
        Dictionary<string, ServiceRoutes> earlier = before.Services.ToDictionary(service => service.Name, StringComparer.Ordinal);
        bool isRelearning = now - picture.AwayAt < _options.Relearn;
        HashSet<string> taken = isRelearning ? [.. picture.Services.Values.SelectMany(listed => listed).Select(UrlOf).OfType<string>()] : [];
        List<ServiceRoutes> services = [];
        foreach (string name in NamesOf(picture, earlier, quarantine))
        {
            ServiceRoutes? was = earlier.GetValueOrDefault(name);
            // A port that another instance has now is nobody's old address any more.
            InstanceAddress[] forgotten = isRelearning && was is not null
                ? [.. was.Instances.Where(i => !picture.HasSeen(name, i.Id) && !taken.Contains(i.Url))]
                : [];
            ServiceRoutes? made = picture.Services.TryGetValue(name, out IReadOnlyList<ServiceInstance>? listed) && listed.Count > 0
                ? Listed(name, listed, forgotten, quarantine)
                : Unlisted(was, picture, forgotten, now);
            if (made is { Paths.Count: > 0 }) services.Add(made with { Policy = PolicyOf(name, picture, (was, isRelearning), quarantine) });
        }

        services.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        return (new RouteTable(WithoutConflicts(services, quarantine)), quarantine);
    }

    // YARP and Consul compare names without case, and one pair of equal names would have YARP refuse the whole table.
    private static IEnumerable<string> NamesOf(RegistryPicture picture, Dictionary<string, ServiceRoutes> earlier, List<Quarantined> quarantine)
    {
        HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);
        foreach (string name in picture.Services.Keys.Order(StringComparer.Ordinal))
        {
            if (taken.Add(name)) yield return name;
            else quarantine.Add(new(name, "another service has this name in other capitals"));
        }

        foreach (string name in earlier.Keys.Order(StringComparer.Ordinal))
            if (taken.Add(name)) yield return name;
    }

    /// <summary>What of a saved table can be used: a file may have been edited, and one bad pattern would fail every request.</summary>
    public RouteTable Sound(RouteTable saved)
    {
        List<ServiceRoutes> services = [];
        foreach (ServiceRoutes service in saved.Services.DistinctBy(s => s.Name, StringComparer.OrdinalIgnoreCase).OrderBy(s => s.Name, StringComparer.Ordinal))
            services.Add(service with
            {
                Policy = service.Policy ?? ServicePolicy.Default, // absent in the file
                Paths = [.. service.Paths.Where(path => patterns.TryRead(path, out _, out _))],
                Instances = [.. service.Instances.DistinctBy(i => i.Id, StringComparer.OrdinalIgnoreCase).Where(i => IsHttp(i.Url))],
            });
        return new RouteTable(WithoutConflicts(services, []));
    }

    private ServiceRoutes Listed(string name, IReadOnlyList<ServiceInstance> listed, InstanceAddress[] forgotten, List<Quarantined> quarantine)
    {
        SortedDictionary<string, InstanceAddress> instances = new(StringComparer.OrdinalIgnoreCase);
        IEnumerable<ServiceInstance> well = listed.Where(i => i.Status is InstanceStatus.Passing or InstanceStatus.Warning);
        foreach (ServiceInstance instance in well.OrderBy(i => i.Id, StringComparer.Ordinal))
        {
            if (instance.Id.Length > 0 && UrlOf(instance) is { } url) instances.TryAdd(instance.Id, new(instance.Id, url));
            else quarantine.Add(new(name, $"instance '{instance.Id}' has no usable id or address: '{instance.Address}' port {instance.Port}"));
        }

        // An operator's word (maintenance) counts even while the registry learns its instances again.
        foreach (InstanceAddress kept in forgotten)
            if (!listed.Any(i => i.Id == kept.Id && i.Status is InstanceStatus.Maintenance)) instances.TryAdd(kept.Id, kept);

        return new ServiceRoutes(name, PathsOf(name, listed, quarantine), [.. instances.Values])
        {
            IsHttp2 = listed.Any(i => i.Meta.GetValueOrDefault("quintet-protocol") is "h2c"),
        };
    }

    // Not answered for yet, forgotten by a registry that was just restarted, or really gone.
    private ServiceRoutes? Unlisted(ServiceRoutes? was, RegistryPicture picture, InstanceAddress[] forgotten, DateTimeOffset now)
    {
        if (was is null) return null;
        bool isUnanswered = picture.Names is null || (picture.Names.Contains(was.Name) && !picture.Services.ContainsKey(was.Name));
        if (isUnanswered) return was;
        if (forgotten.Length > 0) return was with { Instances = forgotten };
        DateTimeOffset gone = was.GoneSince ?? now;
        return now - gone >= _options.RememberRoutes ? null : was with { Instances = [], GoneSince = gone };
    }

    // Routes are taken from unhealthy instances too: a path that a known service claims is 503, not 404, while none of them is well.
    private List<string> PathsOf(string name, IReadOnlyList<ServiceInstance> listed, List<Quarantined> quarantine)
    {
        SortedSet<string> claimed = new(StringComparer.Ordinal);
        foreach (ServiceInstance instance in listed)
            foreach ((string key, string value) in instance.Meta)
                if (key.StartsWith(RoutePrefix, StringComparison.Ordinal)) claimed.Add(value.Trim());

        List<string> paths = [];
        foreach (string path in claimed)
        {
            if (!patterns.TryRead(path, out _, out string fault)) quarantine.Add(new(name, $"route '{path}' {fault}"));
            else if (paths.Count >= _options.RoutesPerServiceMax) quarantine.Add(new(name, $"route '{path}' is one more than {_options.RoutesPerServiceMax}"));
            else paths.Add(path);
        }

        return paths;
    }

    private static ServicePolicy PolicyOf(string name, RegistryPicture picture, (ServiceRoutes? Was, bool IsRelearning) before, List<Quarantined> quarantine)
    {
        if (!picture.Policies.TryGetValue(name, out ReadOnlyMemory<byte> json))
            return before is { IsRelearning: true, Was: { } known } ? known.Policy : ServicePolicy.Default;
        string fault;
        try
        {
            ServicePolicy policy = JsonSerializer.Deserialize(json.Span, RouteJson.Default.ServicePolicy) ?? ServicePolicy.Default;
            if (policy.Fault() is not { } wrong) return policy;
            fault = wrong;
        }
        catch (JsonException unreadable)
        {
            fault = unreadable.Message;
        }

        quarantine.Add(new(name, $"its policy cannot be used and the one before stays: {fault}"));
        return before.Was?.Policy ?? ServicePolicy.Default;
    }

    // Of two services that claim the same requests the first in the alphabet has them: the same one after a restart and in every gateway.
    private static List<ServiceRoutes> WithoutConflicts(List<ServiceRoutes> services, List<Quarantined> quarantine)
    {
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        List<ServiceRoutes> clean = [];
        foreach (ServiceRoutes service in services)
        {
            List<string> kept = [];
            foreach (string path in service.Paths)
            {
                string key = PathPattern.KeyOf(RoutePatternFactory.Parse(path));
                if (owners.TryAdd(key, service.Name)) kept.Add(path);
                else if (owners[key] != service.Name) quarantine.Add(new(service.Name, $"route '{path}' is claimed by service {owners[key]} already"));
            }

            if (kept.Count > 0) clean.Add(service with { Paths = kept });
        }

        return clean;
    }

    private static bool IsHttp(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme == Uri.UriSchemeHttp;

    private static string? UrlOf(ServiceInstance instance)
    {
        if (instance.Port is < 1 or > 65535 || Uri.CheckHostName(instance.Address) is UriHostNameType.Unknown or UriHostNameType.Basic) return null;
        UriBuilder url = new(Uri.UriSchemeHttp, instance.Address, instance.Port);
        return url.Uri.AbsoluteUri;
    }
}
