using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Quintet.Tidy.House;

/// <summary>The reference table of ARCHITECTURE.md.</summary>
public sealed partial class ReferenceTests
{
    private static readonly string[] Alone = ["Hosting", "Client", "TestKit"];
    private static readonly string[] OnHosting = ["Registry", "Broker", "ConfigServer"];
    private static readonly string[] OnHostingAndClient = ["Gateway", "Console", "Chassis"];
    private static readonly string[] OutsideViews = ["Conformance", "Frameworks", "EndToEnd", "Browser", "Engines", "Tidy", "Load"];

    [Fact]
    public void Every_project_references_only_what_the_table_allows()
    {
        List<string> broken = [];
        foreach (string project in Checkout.Files(".csproj", "src/", "services/", "tests/", "benchmarks/"))
        {
            string[] forbidden = [.. ReferencesOf(project).Where(name => !Allows(project, name))];
            if (forbidden.Length > 0) broken.Add($"{project} may not reference {string.Join(", ", forbidden)}: see the table in ARCHITECTURE.md");
        }

        Assert.Empty(broken);
    }

    [Fact]
    public void Versions_stand_in_one_file()
    {
        Assert.Empty(Checkout.Files(".csproj", "src/", "services/", "tests/", "benchmarks/")
            .Where(project => PackageVersion().IsMatch(Checkout.Read(project))));
    }

    [Fact]
    public void No_project_brings_a_mocking_library()
    {
        Assert.DoesNotMatch("(?i)\"(Moq|NSubstitute|FakeItEasy|JustMock|Rhino)", Checkout.Read("Directory.Packages.props"));
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = Checkout.Read("Quintet.slnx");
        Assert.Empty(Checkout.Files(".csproj", "src/", "services/", "tests/", "benchmarks/")
            .Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal)));
    }

    /// <summary>A reference that only orders the build and hands over no assembly is not one.</summary>
    private static IEnumerable<string> ReferencesOf(string project) =>
        XDocument.Parse(Checkout.Read(project)).Descendants("ProjectReference")
            .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
            .Select(reference => Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/')));

    private static bool Allows(string project, string referenced)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        if (project.StartsWith("services/", StringComparison.Ordinal)) return referenced == "Chassis";
        if (name.EndsWith(".Tests", StringComparison.Ordinal)) return referenced == name[..^".Tests".Length] || referenced == "TestKit";
        if (name.EndsWith(".Benchmarks", StringComparison.Ordinal)) return referenced == name[..^".Benchmarks".Length] || referenced == "TestKit";
        if (OutsideViews.Contains(name)) return referenced == "TestKit";
        if (Alone.Contains(name)) return false;
        if (OnHosting.Contains(name)) return referenced == "Hosting";
        if (OnHostingAndClient.Contains(name)) return referenced is "Hosting" or "Client";
        return name == "Quintet" && referenced != "Chassis" && Checkout.Exists($"src/{referenced}");
    }

    [GeneratedRegex("<PackageReference[^>]*Version=")]
    private static partial Regex PackageVersion();
}
