using Quintet.ConfigServer.Properties;
using Xunit;

namespace Quintet.ConfigServer.Tests.Properties;

/// <summary>Placeholders against the environment itself.</summary>
public sealed class PlaceholderTests
{
    [Theory]
    [InlineData("${x}", "1")]
    [InlineData("a${x}b${y}c", "a1b2c")]
    [InlineData("${gone}", "${gone}")]
    [InlineData("${gone:default}", "default")]
    [InlineData("${gone:}", "")]
    [InlineData("${gone:${x}}", "1")]
    [InlineData("${gone:${gone2:deep}}", "deep")]
    [InlineData("${name-${x}}", "found")]
    [InlineData("${with:colon}", "whole")]
    [InlineData("${chain}", "11")]
    [InlineData("\\${x}", "${x}")]
    [InlineData("\\${x} ${x}", "${x} 1")]
    [InlineData("${gone:{a}}", "{a}")]
    [InlineData("${x", "${x")]
    [InlineData("${x} ${", "1 ${")]
    [InlineData("$x {x} $", "$x {x} $")]
    [InlineData("${loop}", "${loop}")]
    [InlineData("${self}", "${self}")]
    [InlineData("{name}", "{name}")]
    public void Values_are_resolved(string text, string expected)
    {
        SortedDictionary<string, PropertyValue> properties = new(StringComparer.Ordinal)
        {
            ["x"] = new(ScalarKind.Number, "1"),
            ["y"] = PropertyValue.Of("2"),
            ["name-1"] = PropertyValue.Of("found"),
            ["with:colon"] = PropertyValue.Of("whole"),
            ["chain"] = PropertyValue.Of("${x}${gone:${x}}"),
            ["loop"] = PropertyValue.Of("${pool}"),
            ["pool"] = PropertyValue.Of("${loop}"),
            ["self"] = PropertyValue.Of("${self}"),
            ["k"] = PropertyValue.Of(text),
        };

        Assert.Equal(expected, Placeholders.Resolve(properties, 100_000)["k"].Text);
    }

    [Theory]
    [InlineData("${")]
    [InlineData("${a:")]
    public void Nesting_without_end_ends(string opening)
    {
        SortedDictionary<string, PropertyValue> properties = new(StringComparer.Ordinal)
        {
            ["open"] = PropertyValue.Of(string.Concat(Enumerable.Repeat(opening, 20_000))),
            ["closed"] = PropertyValue.Of(string.Concat(Enumerable.Repeat(opening, 20_000)) + new string('}', 20_000)),
        };

        Exception? ended = Record.Exception(() => Placeholders.Resolve(properties, 16 << 20));

        Assert.True(ended is null or PlaceholderException);
    }

    [Fact]
    public void A_long_chain_ends()
    {
        SortedDictionary<string, PropertyValue> properties = new(StringComparer.Ordinal) { ["k0"] = PropertyValue.Of("x") };
        for (int i = 1; i < 5000; i++) properties[$"k{i}"] = PropertyValue.Of($"${{k{i - 1}}}");

        SortedDictionary<string, PropertyValue> resolved = Placeholders.Resolve(properties, 64 << 20);

        Assert.Equal("x", resolved["k50"].Text);
        Assert.StartsWith("${k", resolved["k4999"].Text, StringComparison.Ordinal);
    }
}
