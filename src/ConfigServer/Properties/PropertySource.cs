namespace Quintet.ConfigServer.Properties;

/// <summary>The properties that one document of one file gives to an environment.</summary>
/// <param name="Name">Path of the file in the repository; with <c>(document #n)</c> when the file has several documents.</param>
/// <param name="File">Path of the file alone.</param>
/// <param name="Properties">In the order of the file.</param>
internal sealed record PropertySource(string Name, string File, IReadOnlyList<Property> Properties)
{
    private const string CipherPrefix = "{cipher}";

    /// <summary>
    /// The same source with every encrypted value replaced as the protocol wants it when it cannot be decrypted: the key goes, and
    /// <c>invalid.key</c> says so. The cipher text is never echoed.
    /// </summary>
    public PropertySource WithoutCiphers() =>
        Properties.Any(IsCipher)
            ? this with { Properties = [.. Properties.Select(property => IsCipher(property) ? Invalid(property) : property)] }
            : this;

    private static bool IsCipher(Property property) => property.Value.Text.StartsWith(CipherPrefix, StringComparison.Ordinal);

    private static Property Invalid(Property property) => property with { Name = "invalid." + property.Name, Value = PropertyValue.Of("<n/a>") };
}
