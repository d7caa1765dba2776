namespace Quintet.ConfigServer.Properties;

/// <summary>What a scalar is, so that JSON and YAML can write it back as what it was.</summary>
internal enum ScalarKind
{
    Text,
    Number,
    Boolean,
}

/// <summary>A value after flattening. Null, empty lists and empty maps have become the empty text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">For a number valid JSON, for a boolean <c>true</c> or <c>false</c>.</param>
internal readonly record struct PropertyValue(ScalarKind Kind, string Text)
{
    public static PropertyValue Empty { get; } = new(ScalarKind.Text, "");

    public static PropertyValue Of(string text) => new(ScalarKind.Text, text);
}

/// <summary>One flattened property of a file. Lines and columns count from 1.</summary>
internal sealed record Property(string Name, PropertyValue Value, int Line, int Column);

/// <summary>One document of a file: a YAML document, a part of a .properties file between <c>#---</c> lines, or a whole JSON file.</summary>
/// <param name="Activation">When it applies; null means always.</param>
/// <param name="Properties">Flattened, in the order of the file, each name once.</param>
internal sealed record PropertyDocument(ProfileExpression? Activation, IReadOnlyList<Property> Properties);

/// <summary>A file that was read well.</summary>
internal sealed record PropertyFile(IReadOnlyList<PropertyDocument> Documents);
