using Quintet.Quintet.Tests.Systems;
using Quintet.Supervision.Builds;
using Xunit;

namespace Quintet.Quintet.Tests.Builds;

public sealed class BuildFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_service_that_does_not_build_is_told_with_its_errors()
    {
        using CommandLineProcess system = new(
            """
              first:
                project: first.cs
              second:
                project: second.cs
            """);
        await File.WriteAllTextAsync(system["first.cs"], "System.Console.WriteLine(nothingOfThatName);\n", Cancellation);
        await File.WriteAllTextAsync(system["second.cs"], "int number = \"a word\";\n", Cancellation);

        (int exitCode, string output) = await system.RunAsync("up", "--isolated", "--detach");

        Assert.Equal(1, exitCode);
        string told = output[output.IndexOf("quintet: ", StringComparison.Ordinal)..];
        string[] lines = told.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Collection(
            lines,
            line => Assert.Equal("quintet: first does not build:", line),
            line => Assert.Contains("first.cs(1,26): error CS0103", line, StringComparison.Ordinal),
            line => Assert.Equal("second does not build:", line),
            line => Assert.Contains("second.cs(1,14): error CS0029", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Only_errors_are_told_and_each_once()
    {
        const string output =
            """
              Determining projects to restore...
            /src/a.cs(1,2): warning CS0168: an error: this is none [/src/a.csproj]
            /src/a.cs(3,4): error CS1002: ; expected [/src/a.csproj]
            /src/a.cs(3,4): error CS1002: ; expected [/src/a.csproj::TargetFramework=net10.0]
            /src/b.cs(1): error: Directive is unknown.
                1 Error(s)
            """;

        Assert.Equal(["/src/a.cs(3,4): error CS1002: ; expected", "/src/b.cs(1): error: Directive is unknown."], DotnetPublish.ErrorsIn(output));
    }

    [Fact]
    public void Without_a_line_that_looks_like_an_error_the_end_is_told() =>
        Assert.Equal(["Segmentation fault", "(core dumped)"], DotnetPublish.ErrorsIn("Segmentation fault\n(core dumped)\n"));
}
