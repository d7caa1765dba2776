using System.Globalization;
using Quintet.Hosting.Supervised;
using Quintet.Manifest;
using Quintet.Supervision.Processes;

namespace Quintet.Supervision.Plan;

/// <summary>What a process is told by its environment (ARCHITECTURE.md, "What a service is told").</summary>
internal sealed class ServiceEnvironment(SystemRun system, SystemManifest manifest, Endpoints endpoints, Credentials credentials)
{
    /// <summary>Where OpenTelemetry sends to.</summary>
    public const string CollectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly (string Name, string Milliseconds)[] ExportDelays =
        [("OTEL_BSP_SCHEDULE_DELAY", "1000"), ("OTEL_BLRP_SCHEDULE_DELAY", "1000"), ("OTEL_METRIC_EXPORT_INTERVAL", "10000")];

    public Dictionary<string, string?> OfBox(string box) => new(Common(box, $"quintet-{box}", 0))
    {
        ["QUINTET_SHUTDOWN_SECONDS"] = "10",
    };

    /// <summary>It cannot be told in a file where the supervisor is: the file is written before the supervisor listens. It sends itself nothing.</summary>
    public Dictionary<string, string?> OfConsole(Uri? control) => new(OfBox(Parts.Console))
    {
        ["Console__Parts__Supervisor"] = control?.AbsoluteUri,
        [CollectorVariable] = null,
    };

    public Dictionary<string, string?> OfService(ServiceManifest service, string instance, int port, int build)
    {
        Dictionary<string, string?> variables = new(Common(instance, service.Name, build))
        {
            ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["QUINTET_SERVICE"] = service.Name,
            ["QUINTET_VERSION"] = build.ToString(CultureInfo.InvariantCulture),
            ["QUINTET_DATA"] = system.State.Data(service.Name),
            ["QUINTET_ROUTES"] = string.Join(' ', service.Routes),
            ["QUINTET_PUBLISHES"] = string.Join(' ', service.Publishes),
            ["QUINTET_SUBSCRIBES"] = string.Join(' ', service.Subscribes),
            ["QUINTET_CALLS"] = string.Join(' ', service.Calls),
            ["CONSUL_HTTP_ADDR"] = Endpoints.Text(endpoints.Registry),
            ["CONSUL_HTTP_TOKEN"] = credentials.RegistryToken(service.Name),
            ["AMQP_URL"] = credentials.AmqpUrl(service.Name),
            ["CONFIG_SERVER_URL"] = Endpoints.Text(endpoints.Configuration),
            ["CONFIG_SERVER_TOKEN"] = credentials.ConfigurationToken(service.Name),
            [OperationsToken.Variable] = OperationsToken.Of(credentials.OperationsKey, service.Name),
            ["MAIL_DIRECTORY"] = system.State.Mail,
            // Python holds back what it prints to a pipe; a log that comes at the end of the process is none.
            ["PYTHONUNBUFFERED"] = "1",
        };
        if (credentials.DatabaseUrl(service.Name) is { } database) variables["DATABASE_URL"] = database;
        foreach (string sibling in service.Calls) variables[VariableOf(sibling)] = Endpoints.Text(endpoints.Gateway);
        foreach ((string name, string value) in service.Environment) variables[name] = value;
        return variables;
    }

    /// <summary>What <c>quintet env</c> prints: the operator's endpoints and credentials.</summary>
    public Dictionary<string, string> OfOperator()
    {
        Dictionary<string, string> variables = new()
        {
            ["GATEWAY_URL"] = Endpoints.Text(endpoints.Gateway),
            ["CONSUL_HTTP_ADDR"] = Endpoints.Text(endpoints.Registry),
            ["CONSUL_HTTP_TOKEN"] = credentials.RegistryToken(State.Secrets.Operator),
            ["AMQP_URL"] = credentials.AmqpUrl(State.Secrets.Operator),
        };
        if (endpoints.Console is { } console)
        {
            variables["CONSOLE_URL"] = Endpoints.Text(console);
            variables["CONSOLE_TOKEN"] = credentials.ConsoleToken;
        }

        variables["RABBITMQ_MANAGEMENT_URL"] = Endpoints.Text(endpoints.Management);
        variables["CONFIG_SERVER_URL"] = Endpoints.Text(endpoints.Configuration);
        variables["CONFIG_SERVER_TOKEN"] = credentials.ConfigurationToken(State.Secrets.Operator);
        variables["MAIL_DIRECTORY"] = system.State.Mail;
        return variables;
    }

    /// <summary><c>order-book</c> → <c>ORDER_BOOK_URL</c>.</summary>
    public static string VariableOf(string service) => service.ToUpperInvariant().Replace('-', '_') + "_URL";

    private Dictionary<string, string?> Common(string instance, string telemetryName, int build)
    {
        string attributes = $"service.instance.id={instance},service.namespace={manifest.System}";
        if (build > 0) attributes += string.Create(CultureInfo.InvariantCulture, $",service.version={build}");
        if (Environment.GetEnvironmentVariable("OTEL_RESOURCE_ATTRIBUTES") is { Length: > 0 } given) attributes = $"{given},{attributes}";
        Dictionary<string, string?> variables = new()
        {
            ["QUINTET_RUN"] = system.Id,
            ["QUINTET_INSTANCE"] = instance,
            [SupervisedProcess.SupervisorVariable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            ["OTEL_SERVICE_NAME"] = telemetryName,
            ["OTEL_RESOURCE_ATTRIBUTES"] = attributes,
            ["DOTNET_ROOT"] = OwnExecutable.DotnetRoot,
            ["DOTNET_NOLOGO"] = "1",
            // Many small processes share the machine: one heap each.
            ["DOTNET_gcServer"] = "0",
            ["Logging__Console__FormatterName"] = "json",
            // A setting for the one process that the user started must not become the address of all of them.
            ["ASPNETCORE_URLS"] = null,
            ["ASPNETCORE_HTTP_PORTS"] = null,
            ["DOTNET_URLS"] = null,
            ["URLS"] = null,
            // What opens the user's own engines is passed on by name only to those who are meant to have it.
            [Credentials.BrokerUserVariable] = null,
            [Credentials.BrokerPasswordVariable] = null,
            [Credentials.DatabaseUserVariable] = null,
            [Credentials.DatabasePasswordVariable] = null,
            [Credentials.RegistryTokenVariable] = null,
            ["CONFIG_SERVER_TOKEN"] = null,
            ["DATABASE_URL"] = null,
        };
        if (endpoints.Telemetry is { } telemetry)
        {
            variables[CollectorVariable] = Endpoints.Text(telemetry);
            variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
            // Who looks at the console wants to see what happens now, not what happened up to a minute ago; who says another time has it.
            foreach ((string name, string milliseconds) in ExportDelays)
                if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))) variables[name] = milliseconds;
        }

        return variables;
    }
}
