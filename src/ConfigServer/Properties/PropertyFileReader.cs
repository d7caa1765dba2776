using System.Text;

namespace Quintet.ConfigServer.Properties;

/// <summary>How a file is written. The order is that of precedence in one folder: the first wins.</summary>
internal enum PropertyFormat
{
    Properties,
    Yml,
    Yaml,
    Json,
}

/// <summary>Reads the bytes of a configuration file, whatever its format.</summary>
internal static class PropertyFileReader
{
    private const string ActivateOnProfile = "spring.config.activate.on-profile";
    private const string ActivateOnCloud = "spring.config.activate.on-cloud-platform";
    private const string LegacyActivation = "spring.profiles";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The format that a file name's ending stands for; null when it is not a configuration file.</summary>
    public static PropertyFormat? FormatOf(string fileName) => Path.GetExtension(fileName) switch
    {
        ".properties" => PropertyFormat.Properties,
        ".yml" => PropertyFormat.Yml,
        ".yaml" => PropertyFormat.Yaml,
        ".json" => PropertyFormat.Json,
        _ => null,
    };

    /// <exception cref="PropertyFileException">The file cannot be read.</exception>
    public static PropertyFile Read(byte[] content, PropertyFormat format, ReadLimits limits)
    {
        string text = Decode(content, format);
        IEnumerable<IReadOnlyList<Property>> documents = format switch
        {
            PropertyFormat.Properties => PropertiesReader.Read(text, limits),
            PropertyFormat.Json => [Flattening.Flatten(JsonReader.Read(text, limits), limits)],
            _ => YamlReader.Read(text, limits).Select(root => Flattening.Flatten(root, limits)),
        };
        return new PropertyFile([.. documents.Where(document => document.Count > 0).Select(Activated)]);
    }

    private static PropertyDocument Activated(IReadOnlyList<Property> properties)
    {
        Property[] conditions = [.. properties.Where(property => IsCondition(property.Name) && property.Value.Text.Length > 0)];
        if (conditions.Length == 0) return new PropertyDocument(null, properties);
        try
        {
            // On a named cloud platform only: this server knows of none, so such a document never applies.
            bool isForCloud = conditions.Any(condition => condition.Name == ActivateOnCloud);
            return new PropertyDocument(ProfileExpression.Parse(isForCloud ? [] : conditions.Select(condition => condition.Value.Text)), properties);
        }
        catch (FormatException fault)
        {
            throw new PropertyFileException(conditions[0].Line, fault.Message);
        }
    }

    private static bool IsCondition(string name) =>
        name is ActivateOnProfile or ActivateOnCloud or LegacyActivation
        || name.StartsWith(ActivateOnProfile + "[", StringComparison.Ordinal)
        || name.StartsWith(LegacyActivation + "[", StringComparison.Ordinal);

    private static string Decode(byte[] content, PropertyFormat format)
    {
        try
        {
            string text = StrictUtf8.GetString(content);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException) when (format == PropertyFormat.Properties)
        {
            return Encoding.Latin1.GetString(content); // what .properties files were before everyone wrote UTF-8
        }
        catch (DecoderFallbackException)
        {
            throw new PropertyFileException(0, "the file is not UTF-8");
        }
    }
}
