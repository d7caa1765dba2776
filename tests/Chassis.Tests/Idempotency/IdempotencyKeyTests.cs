using Microsoft.Extensions.Primitives;
using Quintet.Chassis.Idempotency;
using Xunit;

namespace Quintet.Chassis.Tests.Idempotency;

public sealed class IdempotencyKeyTests
{
    [Theory]
    [InlineData("8e03978e-40d5", "8e03978e-40d5")]
    [InlineData("\"8e03978e-40d5\"", "8e03978e-40d5")]
    [InlineData("""
        "a\"b\\c"
        """, """
        a"b\c
        """)]
    [InlineData("a\"b", "a\"b")]
    [InlineData("", null)]
    [InlineData("\"\"", null)]
    [InlineData("\"open", null)]
    [InlineData("\"a\" ", null)]
    [InlineData("\"a\"b", null)]
    [InlineData("\"a\\", null)]
    [InlineData("\"a\\n\"", null)]
    [InlineData("two words", null)]
    [InlineData("a\u007f", null)]
    [InlineData("schlüssel", null)]
    public void A_key_is_bare_or_a_quoted_string_of_visible_ascii(string given, string? key)
    {
        Assert.Equal(key, IdempotencyKey.Parse(given));
    }

    [Fact]
    public void A_key_has_at_most_255_characters_and_there_is_one()
    {
        Assert.NotNull(IdempotencyKey.Parse(new string('k', 255)));
        Assert.NotNull(IdempotencyKey.Parse($"\"{new string('k', 255)}\""));
        Assert.Null(IdempotencyKey.Parse(new string('k', 256)));
        Assert.Null(IdempotencyKey.Parse(new StringValues(["one", "two"])));
        Assert.Null(IdempotencyKey.Parse(StringValues.Empty));
    }
}
