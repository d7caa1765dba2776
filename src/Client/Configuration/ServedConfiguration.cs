namespace Quintet.Client.Configuration;

/// <summary>The configuration of one application as the server gave it.</summary>
/// <param name="Version">The commit it was read from; null when the server has no versions.</param>
/// <param name="State">A hash of the content, equal as long as nothing changed for this application; null from servers without it.</param>
/// <param name="Properties">
/// Every property once, sources already merged: those of the strongest source first, in the order that source has them. A stronger
/// source replaces a list as a whole.
/// </param>
public sealed record ServedConfiguration(string? Version, string? State, IReadOnlyList<ServedProperty> Properties)
{
    /// <summary>What weaker sources say and a stronger one overrides, those of the strongest first; with them the items of a list that was replaced.</summary>
    public IReadOnlyList<ServedProperty> Overridden { get; init; } = [];
}

/// <summary>One property after merging.</summary>
/// <param name="Name">The name on the wire: <c>welcome.subject</c>, <c>servers[0].host</c>.</param>
/// <param name="Value">The value as text; numbers and booleans as JSON writes them. Empty for null, as the server flattens it.</param>
/// <param name="Source">The file it came from.</param>
public sealed record ServedProperty(string Name, string? Value, string Source)
{
    /// <summary>The key in .NET's configuration: <c>welcome:subject</c>, <c>servers:0:host</c>.</summary>
    public string Key { get; } = PropertyName.ToKey(Name);
}

/// <summary>The answer of a watch.</summary>
/// <param name="Version">The commit that is served now. Fetch until this version is what <c>GetAsync</c> gives.</param>
/// <param name="State">The hash of the content that is served now.</param>
/// <param name="Changed">Names, as on the wire, of the properties that were added, removed or changed.</param>
public sealed record ConfigurationChange(string? Version, string? State, IReadOnlyList<string> Changed);
