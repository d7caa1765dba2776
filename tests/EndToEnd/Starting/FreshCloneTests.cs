using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.EndToEnd.Starting;

/// <summary>What a user does first: clone, <c>./quintet up</c>, look, stop. The folder has a blank in its name.</summary>
public sealed class FreshCloneTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fresh_clone_comes_up_signs_a_user_up_and_goes_down()
    {
        using var folder = new TempFolder();
        await MustRunAsync("git", ["clone", "--quiet", Repository.Root, folder["a clone"]], folder.Path);
        string quintet = Path.Combine(folder["a clone"], "quintet");

        string screen = await MustRunAsync(quintet, ["up", "--isolated", "--detach", "--timeout", "600"], folder.Path);
        try
        {
            Assert.Contains("READY", screen, StringComparison.Ordinal);
            JsonNode status = JsonNode.Parse(await MustRunAsync(quintet, ["status", "--output", "json"], folder.Path))!;
            Assert.True((bool)status["ready"]!);
            Assert.True(Directory.Exists(Path.Combine(folder["a clone"], ".quintet")), "the state is kept beside the manifest");
        }
        finally
        {
            await MustRunAsync(quintet, ["down"], folder.Path);
        }
    }

    private static async Task<string> MustRunAsync(string program, string[] arguments, string folder)
    {
        // Output of a build of its own: what the surrounding test run was told about its own must not reach it.
        Dictionary<string, string?> environment = new() { ["ArtifactsPath"] = null };
        (int exitCode, string output) = await ChildProcess.RunAsync(program, arguments, Cancellation, folder, environment);
        return exitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {exitCode}:\n{output}");
    }
}
