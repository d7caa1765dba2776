using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Quintet.TestKit.Files;
using Quintet.Tidy.House;
using Xunit;

namespace Quintet.Tidy.Code;

/// <summary>Sizes and names. What cannot be smaller stands in exceptions.txt with its reason; that list may only shrink.</summary>
public sealed partial class SourceTests
{
    private const int FileLines = 400;
    private const int MethodLines = 70;
    private const int LineLength = 160;

    private static readonly string[] BannedEndings = ["Manager", "Helper", "Helpers", "Utils", "Common", "Base", "Impl", "Wrapper", "Processor"];

    private static readonly string[] Exceptions =
    [
        .. File.ReadAllLines(Repository.At("tests", "Tidy", "exceptions.txt"))
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ')[0]),
    ];

    [Fact]
    public void Files_stay_under_the_limit()
    {
        Assert.Empty(Own()
            .Select(path => (path, lines: Checkout.Read(path).Split('\n').Length - 1))
            .Where(file => file.lines > FileLines && !Exceptions.Contains(file.path)));
    }

    [Fact]
    public void Lines_stay_readable()
    {
        Assert.Empty(Own()
            .SelectMany(path => Checkout.Read(path).Split('\n').Index()
                .Where(line => line.Item.Length > LineLength).Select(line => $"{path}:{line.Index + 1}")));
    }

    [Fact]
    public void Methods_stay_under_the_limit()
    {
        List<string> tooLong = [];
        foreach (string path in Own())
        {
            foreach (BaseMethodDeclarationSyntax method in Parse(path).DescendantNodes().OfType<BaseMethodDeclarationSyntax>())
            {
                FileLinePositionSpan span = method.GetLocation().GetLineSpan();
                int lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
                string place = $"{path}:{span.StartLinePosition.Line + 1}";
                if (lines > MethodLines && !Exceptions.Contains(path)) tooLong.Add($"{place} has {lines} lines");
            }
        }

        Assert.Empty(tooLong);
    }

    [Fact]
    public void Types_are_named_for_what_they_are()
    {
        Assert.Empty(Own().SelectMany(path => Parse(path).DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
            .Select(type => type.Identifier.Text)
            .Where(name => BannedEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal)))
            .Select(name => $"{path}: {name}")));
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        List<string> astray = [];
        foreach (string path in Own().Where(path => path.StartsWith("src/", StringComparison.Ordinal)))
        {
            // The command's own project bears the product's name; it is not said twice.
            string[] folders = Path.GetDirectoryName(path)!.Split('/')[1..];
            string expected = string.Join('.', folders[0] == "Quintet" ? folders : ["Quintet", .. folders]);
            string? actual = Parse(path).DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString();
            if (actual is not null && actual != expected) astray.Add($"{path}: {actual} instead of {expected}");
        }

        Assert.Empty(astray);
    }

    [Fact]
    public void There_are_no_regions()
    {
        Assert.Empty(Own().Where(path => Region().IsMatch(Checkout.Read(path))));
    }

    [Fact]
    public void Every_exception_is_still_needed()
    {
        Assert.Empty(Exceptions.Where(path => !Checkout.Exists(path)));
    }

    private static IEnumerable<string> Own() => Checkout.Sources("src/", "services/", "tests/", "benchmarks/", "samples/");

    private static SyntaxNode Parse(string path) => CSharpSyntaxTree.ParseText(Checkout.Read(path), path: path).GetRoot();

    [GeneratedRegex(@"^\s*#region", RegexOptions.Multiline)]
    private static partial Regex Region();
}
