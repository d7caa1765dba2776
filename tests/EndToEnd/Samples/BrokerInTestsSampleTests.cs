using System.IO.Compression;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.EndToEnd.Samples;

public sealed class BrokerInTestsSampleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_package_is_all_that_a_test_project_needs_for_a_broker()
    {
        using var folder = new TempFolder();
        string sample = folder["sample"];
        Directory.CreateDirectory(sample);
        foreach (string file in Directory.GetFiles(Repository.At("samples", "broker-in-tests")))
            File.Copy(file, Path.Combine(sample, Path.GetFileName(file)));
        await DotnetAsync(sample, "pack", Repository.At("src", "Broker"), "-o", "packages", $"-p:ArtifactsPath={folder["artifacts"]}", "--nologo");
        string package = Directory.GetFiles(Path.Combine(sample, "packages"), "Quintet.Broker.*.nupkg").Single();

        Inspect(package);
        // The packages of this machine serve as they are; the one under test is unpacked beside them, not among them.
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string[] properties = [$"-p:RestorePackagesPath={folder["unpacked"]}", $"-p:RestoreFallbackFolders={cache}"];
        await DotnetAsync(sample, ["build", "--nologo", .. properties]);
        string output = await DotnetAsync(sample, "run", "--no-build");

        Assert.Contains("Total: 2, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(sample, "OpenTelemetry*.dll", SearchOption.AllDirectories));
    }

    private static void Inspect(string package)
    {
        using ZipArchive files = ZipFile.OpenRead(package);
        string[] names = [.. files.Entries.Select(entry => entry.FullName)];
        foreach (string needed in (string[])["lib/net10.0/Quintet.Broker.dll", "lib/net10.0/Quintet.Broker.xml", "lib/net10.0/Quintet.Broker.pdb",
            "lib/net10.0/Quintet.Hosting.dll", "README.md"]) Assert.Contains(needed, names);
        using StreamReader nuspec = new(files.GetEntry("Quintet.Broker.nuspec")!.Open());
        string text = nuspec.ReadToEnd();
        Assert.DoesNotContain("<dependency ", text, StringComparison.Ordinal);
        Assert.Contains("Microsoft.AspNetCore.App", text, StringComparison.Ordinal);
    }

    private static async Task<string> DotnetAsync(string folder, params string[] arguments)
    {
        await using ChildProcess dotnet = ChildProcess.Start("dotnet", arguments, folder);
        await dotnet.WaitAsync(Cancellation);
        Assert.True(dotnet.ExitCode == 0, dotnet.Output);
        return dotnet.Output;
    }
}
