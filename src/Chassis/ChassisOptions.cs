using System.Globalization;
using Microsoft.Extensions.Configuration;
using Quintet.Hosting.Settings;

namespace Quintet.Chassis;

/// <summary>
/// Who this process is and where its surroundings are, read once from the environment variables that ARCHITECTURE.md lists (command line
/// arguments of the same names win). Everything is optional: what is absent is left out, so that a service also runs alone.
/// </summary>
public sealed class ChassisOptions
{
    private static readonly char[] Blanks = [' ', '\t'];

    private ChassisOptions(IConfiguration configuration, string applicationName)
    {
        Service = NullIfEmpty(configuration["QUINTET_SERVICE"]) is { } given ? Checked(given) : NameOf(applicationName);
        Instance = configuration["QUINTET_INSTANCE"] ?? $"{Service}-{Environment.ProcessId}";
        Version = configuration["QUINTET_VERSION"] ?? "0";
        DataFolder = Path.GetFullPath(configuration["QUINTET_DATA"] ?? Path.Combine("data", Service));
        Routes = List(configuration["QUINTET_ROUTES"]);
        Publishes = List(configuration["QUINTET_PUBLISHES"]);
        Subscribes = List(configuration["QUINTET_SUBSCRIBES"]);
        Calls = List(configuration["QUINTET_CALLS"]);
        RegistryAddress = NullIfEmpty(configuration["CONSUL_HTTP_ADDR"]);
        RegistryToken = NullIfEmpty(configuration["CONSUL_HTTP_TOKEN"]);
        BrokerUrl = NullIfEmpty(configuration["AMQP_URL"]) is { } url ? CheckedBroker(url) : null;
        ConfigServerUrl = NullIfEmpty(configuration["CONFIG_SERVER_URL"]);
        ConfigServerToken = NullIfEmpty(configuration["CONFIG_SERVER_TOKEN"]);
        OperationsToken = NullIfEmpty(configuration[Hosting.Supervised.OperationsToken.Variable]) is { } token ? new Secret(token) : null;
        Port = PortOf(configuration["PORT"]);
    }

    /// <summary><c>QUINTET_SERVICE</c>: the service's name; default is the last part of the application's name in lower case.</summary>
    public string Service { get; }

    /// <summary><c>QUINTET_INSTANCE</c>: unique in the system; default is the service's name with the process id.</summary>
    public string Instance { get; }

    /// <summary><c>QUINTET_VERSION</c>: the deployed build; default <c>0</c>.</summary>
    public string Version { get; }

    /// <summary>
    /// <c>QUINTET_DATA</c>: the folder of database and last good configuration, shared by the instances; default <c>data/&lt;service&gt;</c>.
    /// </summary>
    public string DataFolder { get; }

    /// <summary><c>QUINTET_ROUTES</c>: the gateway's routes to this service, separated by blanks.</summary>
    public IReadOnlyList<string> Routes { get; }

    /// <summary><c>QUINTET_PUBLISHES</c>: events of this service, separated by blanks. The broker holds it to them; here they are only told on.</summary>
    public IReadOnlyList<string> Publishes { get; }

    /// <summary><c>QUINTET_SUBSCRIBES</c>: events of others that it takes, told on as those are.</summary>
    public IReadOnlyList<string> Subscribes { get; }

    /// <summary><c>QUINTET_CALLS</c>: services this one calls; their instances are looked up before the first call.</summary>
    public IReadOnlyList<string> Calls { get; }

    /// <summary><c>CONSUL_HTTP_ADDR</c>: the registry; null means neither registration nor discovery.</summary>
    public string? RegistryAddress { get; }

    /// <summary><c>AMQP_URL</c>: the broker; null means that events wait in the outbox and nothing is consumed.</summary>
    internal string? BrokerUrl { get; }

    /// <summary><c>CONFIG_SERVER_URL</c>: the configuration server; null means local configuration alone.</summary>
    public string? ConfigServerUrl { get; }

    /// <summary><c>PORT</c>: where to listen on 127.0.0.1; null leaves listening to ASP.NET Core's own settings, 0 takes a free port.</summary>
    public int? Port { get; }

    internal string? RegistryToken { get; }

    internal string? ConfigServerToken { get; }

    /// <summary><c>QUINTET_OPERATIONS_TOKEN</c>: opens <c>/quintet/…</c>, which is not there without it.</summary>
    internal Secret? OperationsToken { get; }

    internal static ChassisOptions From(IConfiguration configuration, string applicationName) => new(configuration, applicationName);

    private static int? PortOf(string? text) =>
        string.IsNullOrEmpty(text) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= 65535 ? port
        : throw new FormatException($"PORT: '{text}' is not a port; expected 0 to 65535");

    // The name becomes part of file, queue and exchange names and of the registry's paths.
    private static string Checked(string name) =>
        name.All(IsNameCharacter) && char.IsAsciiLetterOrDigit(name[0])
            ? name
            : throw new FormatException($"QUINTET_SERVICE: '{name}' is no name of a service; expected lower-case letters, digits and '-'");

    private static string NameOf(string applicationName) =>
        new([.. applicationName[(applicationName.LastIndexOf('.') + 1)..].ToLowerInvariant().Select(c => IsNameCharacter(c) ? c : '-')]);

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-';

    // The value is not repeated in the message: it holds a password.
    private static string CheckedBroker(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "amqp" or "amqps"
            ? url
            : throw new FormatException("AMQP_URL is not the address of a broker; expected for example amqp://user:password@127.0.0.1:5672/%2F");

    private static string[] List(string? text) => (text ?? "").Split(Blanks, StringSplitOptions.RemoveEmptyEntries);

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
