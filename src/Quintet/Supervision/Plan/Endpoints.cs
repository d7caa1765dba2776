using System.Globalization;
using Quintet.Manifest;
using Quintet.Supervision.Ports;

namespace Quintet.Supervision.Plan;

/// <summary>Where each part of the system is reached, embedded or not.</summary>
internal sealed record Endpoints
{
    public required PortsManifest Ports { get; init; }

    public required Uri Gateway { get; init; }

    public required Uri Registry { get; init; }

    /// <summary><c>amqp://127.0.0.1:5672</c>, without credentials.</summary>
    public required Uri Broker { get; init; }

    /// <summary>The broker's management API; of a RabbitMQ where the manifest says, or where RabbitMQ has it by itself.</summary>
    public required Uri Management { get; init; }

    public required Uri Configuration { get; init; }

    /// <summary>The console's pages; null when it is not started.</summary>
    public Uri? Console { get; init; }

    /// <summary>Where the console takes telemetry; null when it is not started.</summary>
    public Uri? Telemetry { get; init; }

    /// <summary>The PostgreSQL server, without credentials; null when each service has a SQLite file.</summary>
    public Uri? Database { get; init; }

    /// <summary>The addresses after the manifest, or with <paramref name="free"/> on ports that are free now.</summary>
    public static Endpoints Of(SystemManifest manifest, FreePorts? free)
    {
        PortsManifest ports = free is null
            ? manifest.Ports
            : new PortsManifest { Gateway = free.Take(), Registry = free.Take(), Broker = free.Take(), Management = free.Take(),
                Configuration = free.Take(), Console = free.Take(), Telemetry = free.Take() };
        EnginesManifest engines = manifest.Engines;
        return new Endpoints
        {
            Ports = ports,
            Gateway = Local("http", ports.Gateway),
            Registry = engines.Registry ?? Local("http", ports.Registry),
            Broker = engines.Broker ?? Local("amqp", ports.Broker),
            Management = engines.Broker is null ? Local("http", ports.Management) : engines.ManagementOfBroker,
            Configuration = engines.Configuration ?? Local("http", ports.Configuration),
            Database = engines.Database,
            Console = manifest.HasConsole ? Local("http", ports.Console) : null,
            Telemetry = manifest.HasConsole ? Local("http", ports.Telemetry) : null,
        };
    }

    /// <summary>An address as environment variables have it, without the slash that <see cref="Uri"/> adds.</summary>
    public static string Text(Uri url) => url.AbsoluteUri.TrimEnd('/');

    /// <summary>PostgreSQL's own when the address names none.</summary>
    public static int PortOfDatabase(Uri server) => server.Port > 0 ? server.Port : 5432;

    private static Uri Local(string scheme, int port) => new(string.Create(CultureInfo.InvariantCulture, $"{scheme}://127.0.0.1:{port}"));
}
