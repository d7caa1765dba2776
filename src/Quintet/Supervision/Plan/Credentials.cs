using Quintet.Manifest;
using Quintet.Supervision.State;

namespace Quintet.Supervision.Plan;

/// <summary>
/// Who presents what to which part. An embedded box gets a credential for each user, made by the supervisor; an engine of the user's own
/// gets what the environment of <c>quintet up</c> holds, the same for all.
/// </summary>
internal sealed class Credentials(SystemManifest manifest, Endpoints endpoints, Secrets secrets)
{
    public const string BrokerUserVariable = "QUINTET_BROKER_USER";
    public const string BrokerPasswordVariable = "QUINTET_BROKER_PASSWORD";

    public string RegistryToken(string user) =>
        manifest.Engines.Registry is null ? secrets.Of("registry", user) : Environment.GetEnvironmentVariable("CONSUL_HTTP_TOKEN") ?? "";

    public string ConfigurationToken(string user) =>
        manifest.Engines.Configuration is null ? secrets.Of("config", user) : Environment.GetEnvironmentVariable("CONFIG_SERVER_TOKEN") ?? "";

    /// <summary><c>amqp://users:…@127.0.0.1:5672/%2F</c>.</summary>
    public string AmqpUrl(string user)
    {
        bool isEmbedded = manifest.Engines.Broker is null;
        string name = isEmbedded ? user : Environment.GetEnvironmentVariable(BrokerUserVariable) ?? "guest";
        string password = isEmbedded ? secrets.Of("broker", user) : Environment.GetEnvironmentVariable(BrokerPasswordVariable) ?? "guest";
        string vhost = endpoints.Broker.AbsolutePath.Length > 1 ? endpoints.Broker.AbsolutePath : "/%2F";
        return $"{endpoints.Broker.Scheme}://{Uri.EscapeDataString(name)}:{Uri.EscapeDataString(password)}@{endpoints.Broker.Authority}{vhost}";
    }

    /// <summary><c>http://operator:…@127.0.0.1:15672</c>; null for a broker that is not ours.</summary>
    public string? ManagementUrl(string user) =>
        endpoints.Management is { } url ? $"{url.Scheme}://{user}:{secrets.Of("broker", user)}@{url.Authority}" : null;
}
