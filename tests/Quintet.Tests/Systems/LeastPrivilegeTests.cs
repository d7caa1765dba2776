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

    [Fact]
    public void The_console_sees_all_and_is_no_administrator()
    {
        JsonNode parts = Section("console", "Console")["Parts"]!;
        JsonNode token = Section("registry", "Registry")["Tokens"]!.AsArray().Single(t => (string?)t!["Name"] == "console")!;
        JsonNode user = Broker()["Users"]!.AsArray().Single(u => (string?)u!["Name"] == "console")!;

        Assert.Equal((string?)parts["RegistryToken"], (string?)token["Secret"]);
        Assert.False((bool)token["Management"]!);
        Assert.Empty(token["Services"]!.AsArray());
        Assert.Equal([""], token["KeyPrefixes"]!.AsArray().Select(prefix => (string)prefix!)); // people edit keys, and nothing else
        Assert.Equal(["monitoring"], user["Tags"]!.AsArray().Select(tag => (string)tag!));
        Assert.Contains(Uri.EscapeDataString((string)user["Password"]!), (string)parts["Broker"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sqlite", null, null)]
    [InlineData("postgres://db.example", "db.example", 5432)]
    [InlineData("postgresql://127.0.0.1:6432/", "127.0.0.1", 6432)]
    public void A_service_has_a_role_and_a_database_of_its_own(string engine, string? host, int? port)
    {
        StateFolder state = new(_folder["state"]);
        state.Create();
        File.WriteAllText(
            _folder["quintet.yaml"],
            $"system: shop\nservices:\n  users: {{ command: x }}\n  orders: {{ command: x }}\nengines: {{ database: \"{engine}\" }}\n");
        SystemManifest manifest = ManifestReader.Read(_folder["quintet.yaml"]);
        Secrets secrets = Secrets.Open(state.Secrets);
        Credentials credentials = new(manifest, Endpoints.Of(manifest, null), secrets, new EngineAccounts(state));

        string? users = credentials.DatabaseUrl("users");
        string? orders = credentials.DatabaseUrl("orders");

        string? password = host is null ? null : secrets.Of("database", "users");
        Assert.Equal(host is null ? null : $"postgresql://shop_users:{password}@{host}:{port}/shop_users", users);
        Assert.Equal(host is null, orders is null);
        if (password is not null) Assert.DoesNotContain(password, orders, StringComparison.Ordinal);
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
        (Secrets secrets, Endpoints endpoints) = (Secrets.Open(state.Secrets), Endpoints.Of(manifest, null));
        new BoxSettingsFiles(manifest, endpoints, state, secrets, new Credentials(manifest, endpoints, secrets, new EngineAccounts(state))).Write();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(state.Settings(box)));
        return JsonNode.Parse(File.ReadAllText(state.Settings(box)))![section]!;
    }
}
