using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Manifest;
using Quintet.Supervision.State;

namespace Quintet.Supervision.Plan;

/// <summary>
/// Writes <c>settings/&lt;box&gt;.json</c> (0600): where each box listens and which users it knows. Each service may do what its manifest
/// declares and nothing else. The boxes read their file again when it changes.
/// </summary>
internal sealed class BoxSettingsFiles(
    SystemManifest manifest, Endpoints endpoints, StateFolder state, Secrets secrets, Credentials credentials)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <returns>Whether any file is another one than before.</returns>
    public bool Write()
    {
        bool isNews = manifest.Engines.Registry is null && Write("registry", "Registry", Registry());
        isNews |= manifest.Engines.Broker is null && Write("broker", "Broker", Broker());
        isNews |= manifest.Engines.Configuration is null && Write("config", "ConfigServer", Configuration());
        isNews |= Write("gateway", "Gateway", Gateway());
        if (manifest.HasConsole) Write(Parts.Console, "Console", Console()); // it reads them at its start only
        return isNews;
    }

    private bool Write(string box, string section, JsonObject settings)
    {
        secrets.Save();
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { [section] = settings }, Indented);
        string file = state.Settings(box);
        if (File.Exists(file) && File.ReadAllBytes(file).AsSpan().SequenceEqual(content)) return false; // no reason to have it read again
        StateFolder.WritePrivate(file, content);
        return true;
    }

    private JsonObject Registry()
    {
        JsonArray tokens =
        [
            RegistryToken(Secrets.Operator, management: true, [], []),
            RegistryToken("supervisor", management: true, [], []),
            RegistryToken("gateway", management: false, [], []),
        ];
        if (manifest.HasConsole) tokens.Add(RegistryToken(Parts.Console, management: false, [], [""])); // operators may edit any key
        foreach (ServiceManifest service in manifest.Services)
            tokens.Add(RegistryToken(service.Name, management: false, [service.Name], [$"{service.Name}/"]));
        return new JsonObject
        {
            ["Port"] = endpoints.Ports.Registry,
            ["DataFolder"] = state.Data("registry"),
            ["Anonymous"] = "Deny",
            ["Tokens"] = tokens,
        };
    }

    private JsonObject RegistryToken(string user, bool management, string[] services, string[] prefixes) => new()
    {
        ["Name"] = user,
        ["Secret"] = secrets.Of("registry", user),
        ["Management"] = management,
        ["Services"] = List(services),
        ["KeyPrefixes"] = List(prefixes),
    };

    private JsonObject Broker()
    {
        JsonArray users = [BrokerUser(Secrets.Operator, ["administrator"], ".*", [])];
        if (manifest.HasConsole) users.Add(BrokerUser(Parts.Console, ["monitoring"], ".*", [])); // it sees all and moves messages; users are not its affair
        foreach (ServiceManifest service in manifest.Services)
        {
            BrokerRights rights = BrokerRights.Of(service);
            users.Add(BrokerUser(service.Name, [], rights.Names, [TopicPermission(rights)]));
        }

        JsonObject settings = new()
        {
            ["Port"] = endpoints.Ports.Broker,
            ["ManagementPort"] = endpoints.Ports.Management,
            ["DataFolder"] = state.Data("broker"),
            ["Users"] = users,
        };
        if (manifest.History is { } history)
        {
            string definitions = state.Settings(EventHistory.File);
            StateFolder.WritePrivate(definitions, JsonSerializer.SerializeToUtf8Bytes(EventHistory.Definitions(history), Indented));
            settings["Definitions"] = definitions;
        }

        return settings;
    }

    private JsonObject BrokerUser(string user, string[] tags, string own, JsonArray topics) => new()
    {
        ["Name"] = user,
        ["Password"] = secrets.Of("broker", user),
        ["Tags"] = List(tags),
        ["Permissions"] = new JsonArray(new JsonObject { ["Vhost"] = "/", ["Configure"] = own, ["Write"] = own, ["Read"] = own }),
        ["TopicPermissions"] = topics,
    };

    /// <summary>On the exchange that all events go through: publish the declared ones, bind queues to the subscribed ones.</summary>
    private static JsonObject TopicPermission(BrokerRights rights) => new()
    {
        ["Vhost"] = "/",
        ["Exchange"] = BrokerRights.Exchange,
        ["Write"] = rights.Publishes,
        ["Read"] = rights.Subscribes,
    };

    private JsonObject Configuration()
    {
        JsonArray tokens = [ConfigurationToken(Secrets.Operator, "*", write: true)];
        if (manifest.HasConsole) tokens.Add(ConfigurationToken(Parts.Console, "*", write: true));
        foreach (ServiceManifest service in manifest.Services) tokens.Add(ConfigurationToken(service.Name, service.Name, write: false));
        JsonObject settings = new()
        {
            ["Port"] = endpoints.Ports.Configuration,
            ["DataFolder"] = state.Data("config"),
            ["Tokens"] = tokens,
        };
        string defaults = Path.Combine(manifest.Folder, "config");
        if (Directory.Exists(defaults)) settings["SeedFolder"] = defaults;
        return settings;
    }

    private JsonObject ConfigurationToken(string user, string application, bool write) => new()
    {
        ["Name"] = user,
        ["Secret"] = secrets.Of("config", user),
        ["Applications"] = List([application]),
        ["Write"] = write,
    };

    private JsonObject Gateway() => new()
    {
        ["Port"] = endpoints.Ports.Gateway,
        ["DataFolder"] = state.Data("gateway"),
        ["Registry"] = GatewayRegistry(),
        // Nobody stands in front of it who would have to learn that it goes.
        ["Drain"] = new JsonObject { ["Delay"] = "00:00:00.100" },
    };

    private JsonObject Console() => new()
    {
        ["Port"] = endpoints.Ports.Console,
        ["DataFolder"] = state.Data(Parts.Console),
        ["Telemetry"] = Telemetry(),
        ["Access"] = new JsonObject
        {
            ["LinkKey"] = secrets.Of(Secrets.ConsoleLinks),
            ["Tokens"] = new JsonArray(new JsonObject
            {
                ["Name"] = Secrets.Operator, ["Secret"] = credentials.ConsoleToken, ["Role"] = "Operator",
            }),
        },
        ["Parts"] = new JsonObject
        {
            ["System"] = manifest.System,
            ["SupervisorToken"] = secrets.Of(Secrets.Control),
            ["Registry"] = Endpoints.Text(endpoints.Registry),
            ["RegistryToken"] = credentials.RegistryToken(Parts.Console),
            ["Management"] = Endpoints.Text(endpoints.Management),
            ["Broker"] = credentials.AmqpUrl(Parts.Console),
            ["Configuration"] = Endpoints.Text(endpoints.Configuration),
            ["ConfigurationToken"] = credentials.ConfigurationToken(Parts.Console),
            ["Gateway"] = Endpoints.Text(endpoints.Gateway),
            ["OperationsKey"] = credentials.OperationsKey,
        },
    };

    /// <summary>The parts send to the console alone; it passes everything on to the collector that the environment of <c>quintet up</c> names.</summary>
    private JsonObject Telemetry()
    {
        JsonObject telemetry = new() { ["HttpPort"] = endpoints.Ports.Telemetry, ["GrpcPort"] = null };
        if (Environment.GetEnvironmentVariable(ServiceEnvironment.CollectorVariable) is { Length: > 0 } collector)
            telemetry["Forward"] = new JsonObject { ["Url"] = collector };
        return telemetry;
    }

    private JsonObject GatewayRegistry()
    {
        JsonObject access = new() { ["Url"] = Endpoints.Text(endpoints.Registry) };
        if (credentials.RegistryToken("gateway") is { Length: > 0 } token) access["Token"] = token;
        return access;
    }

    private static JsonArray List(string[] items) => [.. items.Select(item => JsonValue.Create(item))];
}
