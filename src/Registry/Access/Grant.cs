namespace Quintet.Registry.Access;

/// <summary>What one caller may do. Immutable; taken once per request.</summary>
internal sealed record Grant(string Name, bool MayRead, bool IsManagement, IReadOnlySet<string> Services, IReadOnlyList<string> KeyPrefixes)
{
    private static readonly HashSet<string> NoServices = [];

    public static Grant Everything { get; } = new("anonymous", MayRead: true, IsManagement: true, NoServices, []);

    public static Grant Reading { get; } = new("anonymous", MayRead: true, IsManagement: false, NoServices, []);

    public static Grant Nothing { get; } = new("anonymous", MayRead: false, IsManagement: false, NoServices, []);

    /// <summary>Whether instances of a service may be written and their checks changed.</summary>
    public bool MayWriteService(string service) => IsManagement || Services.Contains(service);

    public bool MayWriteKey(string key) => IsManagement || KeyPrefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Whether every key under <paramref name="prefix"/> may be written.</summary>
    public bool MayWriteAllUnder(string prefix) => MayWriteKey(prefix);
}
