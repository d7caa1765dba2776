using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Quintet.Tests.Systems;

/// <summary>What each box is told lets a service do what its manifest declares, and nothing else.</summary>
public sealed class LeastPrivilegeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_service_publishes_and_hears_the_events_it_declares_only()
    {
        JsonNode user = Broker()["Users"]!.AsArray().Single(u => (string?)u!["Name"] == "users")!;
        JsonNode topic = user["TopicPermissions"]![0]!;
        JsonNode permission = user["Permissions"]![0]!;

        Assert.Matches((string)topic["Write"]!, "users.user-created");
        Assert.DoesNotMatch((string)topic["Write"]!, "users.user-createdx");
        Assert.DoesNotMatch((string)topic["Write"]!, "usersxuser-created");
        Assert.DoesNotMatch((string)topic["Read"]!, "users.user-created");
        foreach (string right in (string[])["Configure", "Write", "Read"])
        {
            Regex allowed = new((string)permission[right]!);
            Assert.Matches(allowed, "events");
            Assert.Matches(allowed, "users.anything");
            Assert.DoesNotMatch(allowed, "users-two.users.user-created");
            Assert.DoesNotMatch(allowed, "amq.default");
            Assert.DoesNotMatch(allowed, "events.history");
        }
    }

    [Fact]
    public void A_service_registers_itself_and_reads_its_own_configuration_only()
    {
        JsonNode token = Section("registry", "Registry")["Tokens"]!.AsArray().Single(t => (string?)t!["Name"] == "users")!;
        JsonNode configuration = Section("config", "ConfigServer")["Tokens"]!.AsArray().Single(t => (string?)t!["Name"] == "users")!;

        Assert.Equal((false, "users", "users/"),
            ((bool)token["Management"]!, (string)token["Services"]!.AsArray().Single()!, (string)token["KeyPrefixes"]!.AsArray().Single()!));
        Assert.Equal((false, "users"), ((bool)configuration["Write"]!, (string)configuration["Applications"]!.AsArray().Single()!));
        Assert.Equal("Deny", (string?)Section("registry", "Registry")["Anonymous"]);
    }

    [Fact]
    public void Every_credential_is_its_own()
    {
        string[] secrets =
        [
            .. Section("registry", "Registry")["Tokens"]!.AsArray().Select(t => (string)t!["Secret"]!),
            .. Section("config", "ConfigServer")["Tokens"]!.AsArray().Select(t => (string)t!["Secret"]!),
            .. Broker()["Users"]!.AsArray().Select(u => (string)u!["Password"]!),
        ];

        Assert.Equal(secrets.Length, secrets.Distinct().Count());
        Assert.Equal(
            (string)Section("gateway", "Gateway")["Registry"]!["Token"]!,
            (string)Section("registry", "Registry")["Tokens"]!.AsArray().Single(t => (string?)t!["Name"] == "gateway")!["Secret"]!);
    }

    public void Dispose() => _folder.Dispose();

    private JsonNode Broker() => Section("broker", "Broker");

    private JsonNode Section(string box, string section)
    {
        StateFolder state = new(_folder["state"]);
        state.Create();
        File.WriteAllText(_folder["quintet.yaml"],
            """
            services:
              users:
                command: x
                publishes: [users.user-created]
              users-two:
                command: x
                subscribes: [users.user-created]
            """);
        SystemManifest manifest = ManifestReader.Read(_folder["quintet.yaml"]);
        new BoxSettingsFiles(manifest, Endpoints.Of(manifest, null), state, Secrets.Open(state.Secrets)).Write();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(state.Settings(box)));
        return JsonNode.Parse(File.ReadAllText(state.Settings(box)))![section]!;
    }
}
