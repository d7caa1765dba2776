using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Manifest;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Quintet.Tests.Manifests;

public sealed class ManifestReadTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_full_manifest_is_understood()
    {
        Directory.CreateDirectory(_folder["app"]);
        File.WriteAllText(_folder["app/app.csproj"], "<Project />");
        SystemManifest manifest = Read(
            """
            system: shop
            services:
              app:
                project: app
                replicas: 2
                routes: ["/app/{**rest}", /other]
                publishes: app.done
                subscribes: [tool.started]
                calls: [tool]
              tool:
                command: python3 "my tool.py" --name 'a b'
                directory: app
                health: /health
                environment: { MODE: fast, LEVEL: 3 }
            engines:
              broker: amqps://rabbit.example/shop
              registry: embedded
              database: postgres://db.example
            ports: { gateway: 80, management: 81 }
            """);

        ServiceManifest app = manifest.Services[0];
        ServiceManifest tool = manifest.Services[1];
        Assert.Equal("shop", manifest.System);
        Assert.Equal((_folder["app/app.csproj"], 2, RegisteredBy.Self), (app.Project, app.Replicas, app.RegisteredBy));
        Assert.Equal(["/app/{**rest}", "/other"], app.Routes);
        Assert.Equal((["app.done"], ["tool.started"], ["tool"]), (app.Publishes.ToArray(), app.Subscribes.ToArray(), app.Calls.ToArray()), StringArrays);
        Assert.Equal(["python3", "my tool.py", "--name", "a b"], tool.Command);
        Assert.Equal((_folder["app"], "/health", RegisteredBy.Supervisor), (tool.Directory, tool.Health, tool.RegisteredBy));
        Assert.Equal("3", tool.Environment["LEVEL"]);
        Assert.Equal(new Uri("amqps://rabbit.example/shop"), manifest.Engines.Broker);
        Assert.Null(manifest.Engines.Registry);
        Assert.Equal(new Uri("postgres://db.example"), manifest.Engines.Database);
        Assert.Equal((80, 8500, 81), (manifest.Ports.Gateway, manifest.Ports.Registry, manifest.Ports.Management));
    }

    [Theory]
    [InlineData("history:", "30D", 10)]
    [InlineData("history: { age: 7D }", "7D", 10)]
    [InlineData("history: { gigabytes: 500 }", "30D", 500)]
    public void A_history_is_kept_within_bounds(string line, string age, int gigabytes)
    {
        SystemManifest manifest = Read($"services: {{}}\n{line}\n");

        Assert.Equal((age, gigabytes), (manifest.History!.Age, manifest.History.Gigabytes));
        Assert.Null(Read("services: {}\n").History);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("console: true", true)]
    [InlineData("console: false", false)]
    public void The_console_is_there_unless_it_is_left_out(string line, bool hasConsole)
    {
        SystemManifest manifest = Read($"services: {{}}\n{line}\n");

        Assert.Equal(hasConsole, manifest.HasConsole);
        Assert.Equal(hasConsole, manifest.UsedPorts(manifest.Ports).Any(used => used is { Key: "console", Port: 8090 }));
    }

    [Fact]
    public void The_reference_manifest_is_without_fault()
    {
        SystemManifest manifest = ManifestReader.Read(Repository.At("quintet.yaml"));

        Assert.Equal(["users", "notifications"], manifest.Services.Select(s => s.Name));
    }

    [Fact]
    public void The_schema_for_editors_says_what_the_reader_reads()
    {
        JsonNode schema = JsonNode.Parse(File.ReadAllText(Repository.At("docs", "quintet.schema.json")))!;
        JsonNode service = schema["$defs"]!["service"]!;

        Assert.Equal(ManifestKeys.Root, Keys(schema));
        Assert.Equal(ManifestKeys.Service, Keys(service));
        Assert.Equal(ManifestKeys.Engines, Keys(schema["properties"]!["engines"]!));
        Assert.Equal(ManifestKeys.Ports, Keys(schema["properties"]!["ports"]!));
        Assert.Equal(ManifestKeys.History, Keys(schema["properties"]!["history"]!));
        Assert.Equal(ManifestKeys.Age, (string?)schema["properties"]!["history"]!["properties"]!["age"]!["pattern"]);
        Assert.Equal(ManifestKeys.Registers, service["properties"]!["registers"]!["enum"].Deserialize<string[]>());
        Assert.Equal(ManifestKeys.Reserved, schema["properties"]!["services"]!["propertyNames"]!["not"]!["enum"].Deserialize<string[]>());
        Assert.Equal(ManifestKeys.Name, (string?)schema["properties"]!["services"]!["propertyNames"]!["pattern"]);
        Assert.Equal(ManifestKeys.Name, (string?)schema["properties"]!["system"]!["pattern"]);
        Assert.Equal(ManifestKeys.Event, (string?)schema["$defs"]!["event"]!["pattern"]);
        Assert.Equal(ManifestKeys.Variable, (string?)service["properties"]!["environment"]!["propertyNames"]!["pattern"]);
        Assert.Equal(ManifestKeys.ReplicasMax, (int)service["properties"]!["replicas"]!["maximum"]!);
        Assert.Equal(ManifestKeys.RoutesMax, (int)service["properties"]!["routes"]!["oneOf"]![1]!["maxItems"]!);
        Assert.Equal(ManifestKeys.RouteLengthMax, (int)service["properties"]!["routes"]!["oneOf"]![0]!["maxLength"]!);
        PortsManifest ports = new();
        int[] defaults = [ports.Gateway, ports.Registry, ports.Broker, ports.Management, ports.Configuration, ports.Console, ports.Telemetry];
        Assert.Equal(defaults, ManifestKeys.Ports.Select(key => (int)schema["properties"]!["ports"]!["properties"]![key]!["default"]!));
    }

    [Theory]
    [InlineData("a b", "a|b")]
    [InlineData("  a\t'b  c'\"d\"  ", "a|b  cd")]
    [InlineData(@"a\ b ""c\""d"" '\n'", @"a b|c""d|\n")]
    [InlineData("a '' b", "a||b")]
    public void A_command_is_split_as_a_shell_would_quote(string text, string words)
    {
        Assert.Equal(words.Split('|'), CommandWords.Split(text, out _));
    }

    public void Dispose() => _folder.Dispose();

    private static readonly IEqualityComparer<(string[], string[], string[])> StringArrays =
        EqualityComparer<(string[], string[], string[])>.Create((a, b) => a.Item1.SequenceEqual(b.Item1) && a.Item2.SequenceEqual(b.Item2)
            && a.Item3.SequenceEqual(b.Item3));

    private static string[] Keys(JsonNode schema) => [.. schema["properties"]!.AsObject().Select(p => p.Key)];

    private SystemManifest Read(string text)
    {
        File.WriteAllText(_folder["quintet.yaml"], text);
        return ManifestReader.Read(_folder["quintet.yaml"]);
    }
}
