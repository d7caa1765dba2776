using System.Text.RegularExpressions;

namespace Quintet.Manifest;

/// <summary>The words and forms of a manifest. <c>docs/quintet.schema.json</c> says the same for editors; a test compares the two.</summary>
internal static partial class ManifestKeys
{
    public const string Name = "^[a-z][a-z0-9-]{0,39}$";
    public const string Event = @"^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$";
    public const string Age = "^[1-9][0-9]{0,5}[YMDhms]$";
    public const string Variable = "^[A-Za-z_][A-Za-z0-9_]*$";

    /// <summary>More processes than this on one machine is a typing error.</summary>
    public const int ReplicasMax = 64;

    /// <summary>A petabyte of history is a typing error.</summary>
    public const int GigabytesMax = 1_000_000;

    /// <summary>Consul's limit of a metadata value, by which a route reaches the registry.</summary>
    public const int RouteLengthMax = 512;

    /// <summary>Consul allows 64 metadata pairs an instance; some are the supervisor's.</summary>
    public const int RoutesMax = 48;

    /// <summary>PostgreSQL cuts longer names off (NAMEDATALEN).</summary>
    public const int DatabaseNameMax = 63;

    public static readonly string[] Root = ["system", "services", "engines", "ports", "history", "console"];

    public static readonly string[] Service =
        ["project", "command", "directory", "replicas", "routes", "publishes", "subscribes", "calls", "health", "registers", "environment"];

    public static readonly string[] Engines = ["broker", "management", "registry", "database", "configuration"];

    public static readonly string[] Ports = ["gateway", "registry", "broker", "management", "configuration", "console", "telemetry"];

    public static readonly string[] History = ["age", "gigabytes"];

    public static readonly string[] Registers = ["self", "supervisor"];

    /// <summary>Names of parts, and the applications that the configuration server keeps for itself.</summary>
    public static readonly string[] Reserved =
    [
        "gateway", "registry", "broker", "config", "configuration", "console", "identity", "supervisor", "guard",
        "application", "health", "metrics", "actuator", "consul", "events", "operator",
    ];

    /// <summary>A service's role and its database on a PostgreSQL server.</summary>
    public static string DatabaseName(string system, string service) => $"{system}_{service}";

    /// <summary>Variables that carry the contract with the supervisor; a manifest cannot set them.</summary>
    public static bool IsReservedVariable(string name) =>
        name is "PORT" or "CONSUL_HTTP_ADDR" or "CONSUL_HTTP_TOKEN" or "AMQP_URL" or "CONFIG_SERVER_URL" or "CONFIG_SERVER_TOKEN" or "MAIL_DIRECTORY"
        || name.StartsWith("QUINTET_", StringComparison.Ordinal);

    [GeneratedRegex(Name)]
    public static partial Regex NamePattern { get; }

    [GeneratedRegex(Event)]
    public static partial Regex EventPattern { get; }

    [GeneratedRegex(Age)]
    public static partial Regex AgePattern { get; }

    [GeneratedRegex(Variable)]
    public static partial Regex VariablePattern { get; }
}
