using System.Text.RegularExpressions;
using Quintet.TestKit.Contracts;
using Quintet.TestKit.Files;
using Quintet.Tidy.House;
using Xunit;

namespace Quintet.Tidy.Docs;

public sealed partial class DocsTests
{
    [Fact]
    public void The_readme_is_read_in_one_sitting()
    {
        Assert.True(Checkout.Read("README.md").Split('\n').Length <= 151, "README.md has more than 150 lines");
    }

    [Fact]
    public void Links_lead_somewhere()
    {
        List<string> broken = [];
        foreach (string page in Checkout.Files(".md"))
        {
            string folder = Path.GetDirectoryName(page)!;
            foreach (Match link in Link().Matches(Checkout.Read(page)))
            {
                string target = link.Groups[1].Value.Split('#')[0];
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal)) continue;
                string path = Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, folder, target)));
                if (!Checkout.Exists(path)) broken.Add($"{page}: {target}");
            }
        }

        Assert.Empty(broken);
    }

    [Fact]
    public void Every_problem_type_is_explained()
    {
        Assert.Empty(Checkout.Sources("src/", "services/")
            .SelectMany(path => TypeOf().Matches(Checkout.Read(path)))
            .Select(m => m.Groups[1].Value).Except(Explained()));
    }

    [Fact]
    public void Every_explained_problem_type_exists()
    {
        string code = string.Concat(Checkout.Sources("src/", "services/").Select(Checkout.Read));
        Assert.Empty(Explained().Where(slug => !code.Contains($"\"{slug}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_problem_type_is_produced_by_a_test()
    {
        string tests = string.Concat(Checkout.Sources("tests/")
            .Where(path => !path.StartsWith("tests/Tidy/", StringComparison.Ordinal))
            .Select(Checkout.Read));
        Assert.Empty(Explained().Where(slug =>
            !tests.Contains($"\"{slug}\"", StringComparison.Ordinal) && !tests.Contains($"error:{slug}\"", StringComparison.Ordinal)
            && !tests.Contains($"error:{slug}\\\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_page_is_listed()
    {
        string list = Checkout.Read("docs/README.md");
        Assert.Empty(Checkout.Files(".md", "docs/").Select(page => page["docs/".Length..])
            .Where(page => page != "README.md" && !list.Contains($"]({page})", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_test_that_the_page_of_consistency_names_exists()
    {
        string tests = string.Concat(Checkout.Sources("tests/").Select(Checkout.Read));
        string[] named = [.. TestName().Matches(Checkout.Read("docs/operate/consistency.md")).Select(m => m.Groups[1].Value)];
        Assert.NotEmpty(named);
        Assert.Empty(named.Where(name => !tests.Contains($" {name}(", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_async_api_document_is_what_manifest_and_schemas_say() => GoldenFile.Holds(AsyncApi.Path, AsyncApi.Write());

    [Fact]
    public void The_page_of_settings_is_what_the_options_say() =>
        GoldenFile.Holds(SettingsPage.Path, SettingsPage.Write());

    [Fact]
    public void Every_setting_is_explained()
    {
        Assert.Empty(SettingsPage.Write().Split('\n').Where(row => row.EndsWith("|  |", StringComparison.Ordinal)));
    }

    /// <summary>The first column of the tables in docs/errors.md.</summary>
    private static string[] Explained() => [.. ErrorRow().Matches(Checkout.Read("docs/errors.md")).Select(row => row.Groups[1].Value)];

    [GeneratedRegex(@"`([A-Z][a-z]*(?:_[A-Za-z0-9]+){2,})`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"TypeOf\(""([a-z0-9-]+)""\)")]
    private static partial Regex TypeOf();

    [GeneratedRegex(@"^\| `([a-z0-9-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex ErrorRow();
}
