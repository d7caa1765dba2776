namespace Quintet.Manifest;

/// <summary>What <c>quintet.yaml</c> says, checked.</summary>
/// <param name="File">The manifest's full path.</param>
/// <param name="System">The system's name.</param>
internal sealed record SystemManifest(string File, string System)
{
    /// <summary>The folder that relative paths of the manifest start from.</summary>
    public string Folder => Path.GetDirectoryName(File)!;

    public IReadOnlyList<ServiceManifest> Services { get; init; } = [];

    public EnginesManifest Engines { get; init; } = new();

    public PortsManifest Ports { get; init; } = new();

    /// <summary>The ports that the embedded boxes listen on, each with its key below <c>ports</c>.</summary>
    public IEnumerable<(string Key, int Port)> UsedPorts(PortsManifest ports)
    {
        yield return ("gateway", ports.Gateway);
        if (Engines.Registry is null) yield return ("registry", ports.Registry);
        if (Engines.Configuration is null) yield return ("configuration", ports.Configuration);
        if (HasConsole) yield return ("console", ports.Console);
        if (HasConsole) yield return ("telemetry", ports.Telemetry);
        if (Engines.Broker is not null) yield break;
        yield return ("broker", ports.Broker);
        yield return ("management", ports.Management);
    }

    /// <summary>Whether the console is started with the system and gets its telemetry.</summary>
    public bool HasConsole { get; init; } = true;

    /// <summary>Null, the default: events are not kept beyond their queues.</summary>
    public HistoryManifest? History { get; init; }
}

/// <summary>Who registers the instances of a service.</summary>
internal enum RegisteredBy
{
    /// <summary>The program itself, as every service on the chassis does.</summary>
    Self,

    /// <summary>The supervisor, for programs that know nothing of a registry.</summary>
    Supervisor,
}

/// <summary>One entry below <c>services:</c>. Exactly one of <see cref="Project"/> and <see cref="Command"/> is set.</summary>
/// <param name="Name">Its name in the registry, in routes and in the names of its queues.</param>
/// <param name="Line">Where it stands, for messages.</param>
internal sealed record ServiceManifest(string Name, int Line)
{
    /// <summary>Full path of the .csproj or of the one-file program (.cs) to publish.</summary>
    public string? Project { get; init; }

    /// <summary>The program and its arguments; no shell is involved.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Full path of the folder it runs in; the manifest's own when not given.</summary>
    public required string Directory { get; init; }

    public int Replicas { get; init; } = 1;

    public IReadOnlyList<string> Routes { get; init; } = [];

    public IReadOnlyList<string> Publishes { get; init; } = [];

    public IReadOnlyList<string> Subscribes { get; init; } = [];

    public IReadOnlyList<string> Calls { get; init; } = [];

    /// <summary>Path of the HTTP health check when the supervisor registers it; null means that a TCP connection is enough.</summary>
    public string? Health { get; init; }

    public RegisteredBy RegisteredBy { get; init; }

    /// <summary>Further environment variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>What stands behind each part; null means embedded.</summary>
internal sealed record EnginesManifest
{
    public Uri? Broker { get; init; }

    /// <summary>The management API of <see cref="Broker"/>; null: where RabbitMQ has it by itself.</summary>
    public Uri? Management { get; init; }

    /// <summary>The management API of a broker that is not embedded.</summary>
    public Uri ManagementOfBroker => Management ?? new UriBuilder("http", Broker!.Host, 15672).Uri;

    public Uri? Registry { get; init; }

    public Uri? Configuration { get; init; }

    /// <summary>The PostgreSQL server with the services' databases; null means a SQLite file each.</summary>
    public Uri? Database { get; init; }
}

/// <summary>All events are kept in the stream <c>events.history</c>, so that they can be replayed. What is older, or more, goes; the stricter holds.</summary>
internal sealed record HistoryManifest
{
    /// <summary>A number and one of Y, M, D, h, m, s, as RabbitMQ's <c>max-age</c>. Default thirty days.</summary>
    public string Age { get; init; } = "30D";

    /// <summary>Of 10^9 octets. Default 10.</summary>
    public int Gigabytes { get; init; } = 10;
}

/// <summary>The boxes' ports. Defaults are those that each protocol's clients expect.</summary>
internal sealed record PortsManifest
{
    public int Gateway { get; init; } = 8080;

    public int Registry { get; init; } = 8500;

    public int Broker { get; init; } = 5672;

    public int Management { get; init; } = 15672;

    public int Configuration { get; init; } = 8888;

    public int Console { get; init; } = 8090;

    /// <summary>Where the console takes traces, metrics and logs: OTLP over HTTP's own.</summary>
    public int Telemetry { get; init; } = 4318;
}
