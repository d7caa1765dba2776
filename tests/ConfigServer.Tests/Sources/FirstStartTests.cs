using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.ConfigServer.Tests.Server;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.ConfigServer.Tests.Sources;

/// <summary>The repository that the server makes itself.</summary>
public sealed class FirstStartTests
{
    [Fact]
    public async Task The_seed_becomes_the_first_commit_of_main_and_is_not_looked_at_again()
    {
        await using RunningServer server = await RunningServer.StartOwnAsync(folder => [("SeedFolder", Seed(folder))]);
        JsonElement first = await server.JsonAsync("/notifications/default/main");

        File.WriteAllText(Path.Combine(server.Folder["seed"], "notifications.yml"), "welcome:\n  subject: Other\n");
        await server.RestartAsync();
        JsonElement second = await server.JsonAsync("/notifications/default/main");

        Assert.Equal(first.GetRawText(), second.GetRawText());
        Assert.Equal("""{"welcome.subject":"Welcome, {name}!"}""", first.GetProperty("propertySources")[0].GetProperty("source").GetRawText());
    }

    [Fact]
    public async Task Without_a_seed_there_is_one_file_that_explains_itself()
    {
        await using RunningServer server = await RunningServer.StartOwnAsync(_ => []);

        Assert.Equal(0, (await server.JsonAsync("/foo/default")).GetProperty("propertySources").GetArrayLength());
        Assert.Contains("<application>-<profile>.yml", await server.TextAsync("/_ext/v1/config/files/application.yml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_seed_that_cannot_be_served_stops_the_start_with_every_fault()
    {
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => RunningServer.StartOwnAsync(folder =>
        {
            string seed = Seed(folder);
            File.WriteAllText(Path.Combine(seed, "a.yml"), "x: [");
            File.WriteAllText(Path.Combine(seed, "b.properties"), "\nk=\\u12\n");
            return [("SeedFolder", seed)];
        }));

        Assert.Contains("a.yml line", refused.Message, StringComparison.Ordinal);
        Assert.Contains("b.properties line 2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_dying_first_start_left_behind_is_swept_away()
    {
        await using RunningServer server = await RunningServer.StartOwnAsync(folder =>
        {
            Directory.CreateDirectory(Path.Combine(folder["data"], "repository.unfinished-1", "objects"));
            return [("SeedFolder", Seed(folder))];
        });

        Assert.Equal(["repository"], Directory.GetDirectories(server.DataFolder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_folder_that_holds_something_else_is_left_alone()
    {
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => RunningServer.StartOwnAsync(folder =>
        {
            Directory.CreateDirectory(folder["precious"]);
            File.WriteAllText(Path.Combine(folder["precious"], "thesis.txt"), "text");
            return [("Repository", folder["precious"])];
        }));

        Assert.Contains("ConfigServer:Repository", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_wrong_setting_is_named_at_once()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningServer.StartOwnAsync(_ =>
        [
            ("Port", "70000"), ("Tokns", "x"), ("Limits:FileBytes", "many"), ("Tokens:0:Name", "a"),
        ]));

        string all = string.Join('\n', refused.Failures);
        Assert.All(new[] { "ConfigServer:Tokns", "ConfigServer:Limits:FileBytes" }, key => Assert.Contains(key, all, StringComparison.Ordinal));
    }

    private static string Seed(TempFolder folder)
    {
        string seed = folder["seed"];
        Directory.CreateDirectory(seed);
        File.WriteAllText(Path.Combine(seed, "notifications.yml"), "welcome:\n  subject: Welcome, {name}!\n");
        return seed;
    }
}
