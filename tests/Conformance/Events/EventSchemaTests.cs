using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Conformance.Events;

/// <summary>A validator that nobody here wrote (Debian's python3-jsonschema) reads the published schemas as those of other languages will.</summary>
public sealed class EventSchemaTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Events =>
    [
        .. Directory.GetFiles(Repository.At("docs", "protocols", "events"), "*.schema.json").Order(StringComparer.Ordinal)
            .Select(file => Path.GetFileName(file)[..^".schema.json".Length]),
    ];

    [Theory]
    [MemberData(nameof(Events))]
    public async Task The_golden_example_is_valid_and_stays_so_with_members_that_come_later(string name)
    {
        JsonNode example = Example(name);
        Assert.Equal((0, ""), await ValidateAsync(name, example));

        example["added"] = "by a newer publisher";
        example["data"]!["added"] = new JsonObject { ["by"] = "a newer publisher" };
        Assert.Equal((0, ""), await ValidateAsync(name, example));
    }

    [Theory]
    [MemberData(nameof(Events))]
    public async Task An_event_that_lacks_a_member_or_is_another_or_has_another_kind_of_value_is_not_valid(string name)
    {
        string[] members = [.. Example(name)["data"]!.AsObject().Select(member => member.Key)];
        Assert.NotEmpty(members);
        foreach (string member in members)
        {
            JsonNode lacking = Example(name), changed = Example(name);
            lacking["data"]!.AsObject().Remove(member);
            changed["data"]![member] = new JsonArray();
            Assert.Contains($"'{member}' is a required property", await FaultAsync(name, lacking), StringComparison.Ordinal);
            Assert.Contains("is not of type", await FaultAsync(name, changed), StringComparison.Ordinal);
        }

        JsonNode other = Example(name);
        other["type"] = "users.user-renamed";
        Assert.Contains($"'{name}' was expected", await FaultAsync(name, other), StringComparison.Ordinal);
    }

    private static JsonNode Example(string name) => JsonNode.Parse(File.ReadAllText(FileOf(name, "example")))!;

    private static string FileOf(string name, string what) => Repository.At("docs", "protocols", "events", $"{name}.{what}.json");

    private static async Task<string> FaultAsync(string name, JsonNode candidate)
    {
        (int exitCode, string output) = await ValidateAsync(name, candidate);
        Assert.Equal(1, exitCode);
        return output;
    }

    /// <summary>The exit code of the validator, which looks at the schema itself first, and what it says.</summary>
    private static async Task<(int ExitCode, string Output)> ValidateAsync(string name, JsonNode candidate)
    {
        Need.PythonModule("jsonschema", "python3-jsonschema");
        using TempFolder folder = new();
        await File.WriteAllTextAsync(folder["event.json"], candidate.ToJsonString(), Cancellation);
        return await ChildProcess.RunAsync(
            Need.Python, ["-W", "ignore", "-m", "jsonschema", "-i", folder["event.json"], FileOf(name, "schema")], Cancellation);
    }
}
