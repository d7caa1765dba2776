using Quintet.Manifest;
using Quintet.Supervision.State;

namespace Quintet.Supervision.Plan;

/// <summary>
/// Who presents what to which part. An embedded box gets a credential for each user, made by the supervisor; so does an engine of the user's
/// own that <c>quintet engines apply</c> set up. Another one gets what the environment of <c>quintet up</c> holds, the same for all; the
/// operator's credential at an engine is always that.
/// </summary>
internal sealed class Credentials(SystemManifest manifest, Endpoints endpoints, Secrets secrets, EngineAccounts accounts)
{
    public const string BrokerUserVariable = "QUINTET_BROKER_USER";
    public const string BrokerPasswordVariable = "QUINTET_BROKER_PASSWORD";
    public const string RegistryTokenVariable = "CONSUL_HTTP_TOKEN";
    public const string DatabaseUserVariable = "QUINTET_DATABASE_USER";
    public const string DatabasePasswordVariable = "QUINTET_DATABASE_PASSWORD";

    /// <summary>The console's user; at an engine of the user's own, which knows none, it works as the operator.</summary>
    private const string Console = Parts.Console;

    public string RegistryToken(string user) => manifest.Engines.Registry is null ? secrets.Of("registry", user)
        : accounts.HasRegistry && user is not (Secrets.Operator or Console) ? EngineToken(secrets, user)
        : Environment.GetEnvironmentVariable(RegistryTokenVariable) ?? "";

    public string ConfigurationToken(string user) =>
        manifest.Engines.Configuration is null ? secrets.Of("config", user) : Environment.GetEnvironmentVariable("CONFIG_SERVER_TOKEN") ?? "";

    /// <summary>The operator's token for the console's API.</summary>
    public string ConsoleToken => secrets.Of(Console, Secrets.Operator);

    /// <summary>What the console makes each service's <see cref="Quintet.Hosting.Supervised.OperationsToken"/> of.</summary>
    public string OperationsKey => secrets.Of(Secrets.Operations);

    /// <summary><c>amqp://users:…@127.0.0.1:5672/%2F</c>.</summary>
    public string AmqpUrl(string user)
    {
        string vhost = endpoints.Broker.AbsolutePath.Length > 1 ? endpoints.Broker.AbsolutePath : "/%2F";
        (string name, string password) = manifest.Engines.Broker is null ? (user, secrets.Of("broker", user))
            : accounts.HasBroker && user is not (Secrets.Operator or Console) ? (EngineUser(manifest, user), secrets.Of("broker", user))
            : BrokerAdministrator();
        return $"{endpoints.Broker.Scheme}://{Uri.EscapeDataString(name)}:{Uri.EscapeDataString(password)}@{endpoints.Broker.Authority}{vhost}";
    }

    /// <summary><c>postgresql://reference_users:…@host:5432/reference_users</c>; null when it has a SQLite file.</summary>
    public string? DatabaseUrl(string service)
    {
        if (endpoints.Database is not { } server) return null;
        string name = ManifestKeys.DatabaseName(manifest.System, service);
        return $"postgresql://{name}:{secrets.Of("database", service)}@{server.Host}:{Endpoints.PortOfDatabase(server)}/{name}";
    }

    /// <summary>A service's user at a RabbitMQ, which other systems may share: <c>reference.users</c>.</summary>
    public static string EngineUser(SystemManifest manifest, string service) => $"{manifest.System}.{service}";

    /// <summary>A user's token at a Consul, which wants a UUID.</summary>
    public static string EngineToken(Secrets secrets, string user) => secrets.UuidOf("consul", user);

    /// <summary>What the environment holds for RabbitMQ; by default what a new RabbitMQ accepts from its own machine.</summary>
    public static (string User, string Password) BrokerAdministrator() =>
        (Environment.GetEnvironmentVariable(BrokerUserVariable) ?? "guest", Environment.GetEnvironmentVariable(BrokerPasswordVariable) ?? "guest");
}
