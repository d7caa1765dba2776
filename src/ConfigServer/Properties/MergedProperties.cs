namespace Quintet.ConfigServer.Properties;

/// <summary>Several sources as one flat set of properties, as the <c>.yml</c>, <c>.properties</c> and <c>.json</c> forms give it.</summary>
internal static class MergedProperties
{
    private const string LegacyActivation = "spring.profiles";

    /// <summary>
    /// For each name the value of the strongest source. A list is never mixed: the strongest source that has any item of it gives the
    /// whole list.
    /// </summary>
    /// <param name="sources">Strongest first.</param>
    public static SortedDictionary<string, PropertyValue> Of(IEnumerable<PropertySource> sources)
    {
        SortedDictionary<string, PropertyValue> merged = new(StringComparer.Ordinal);
        HashSet<string> listsDecided = new(StringComparer.Ordinal);
        foreach (PropertySource source in sources)
        {
            HashSet<string> listsHere = new(StringComparer.Ordinal);
            foreach (Property property in source.Properties)
            {
                string? list = PropertyName.ListOf(property.Name);
                if (list is not null && listsDecided.Contains(list)) continue;
                if (list is not null) listsHere.Add(list);
                merged.TryAdd(property.Name, property.Value);
            }

            listsDecided.UnionWith(listsHere);
        }

        merged.Remove(LegacyActivation);
        return merged;
    }
}
