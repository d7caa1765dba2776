using System.Text.RegularExpressions;
using Xunit;

namespace Quintet.Tidy.House;

public sealed partial class TreeTests
{
    private static readonly string[] TextEndings = [".cs", ".md", ".json", ".yaml", ".yml", ".csproj", ".props", ".slnx", ".py", ".js", ".sh", ".txt"];

    [Fact]
    public void No_file_names_a_package_registry_or_a_path_of_one_machine()
    {
        Assert.Empty(Texts().Where(path => Machine().IsMatch(Checkout.Read(path))));
    }

    [Fact]
    public void Work_left_to_do_stands_in_issues()
    {
        Assert.Empty(Texts().Where(path => Mark().IsMatch(Checkout.Read(path))));
    }

    private static IEnumerable<string> Texts() =>
        TextEndings.SelectMany(ending => Checkout.Files(ending))
            .Where(path => !path.EndsWith("lock.json", StringComparison.Ordinal));

    // Both are written so that this file does not match itself.
    [GeneratedRegex(@"api\.nuget[.]org|registry\.npmjs[.]org|deb\.debian[.]org|/root[/]|/home/[a-z]+[/]")]
    private static partial Regex Machine();

    [GeneratedRegex(@"\b(TOD[O]|FIXM[E]|HAC[K])\b(?!.*#\d)")]
    private static partial Regex Mark();
}
