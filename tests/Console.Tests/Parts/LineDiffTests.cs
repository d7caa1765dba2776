using Quintet.Console.Pieces;

namespace Quintet.Console.Tests.Parts;

public sealed class LineDiffTests
{
    [Theory]
    [InlineData("", "a\nb\n", "+a|+b")]
    [InlineData("a\nb\n", "", "-a|-b")]
    [InlineData("a\nb\nc\n", "a\nc\n", " a|-b| c")]
    [InlineData("a\nb\n", "a\nx\nb\n", " a|+x| b")]
    [InlineData("a\n", "b\n", "-a|+b")]
    [InlineData("a\r\nb", "a\nb\n", " a| b")]
    public void A_change_is_told_by_its_lines(string before, string after, string shown)
    {
        Assert.Equal(shown, string.Join('|', LineDiff.Of(before, after).Select(line => $"{line.Mark}{line.Text}")));
    }
}
