using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Client.Broker;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Engines;

/// <summary>Sets up in a RabbitMQ what the embedded broker is told at its start: users, their rights, the exchange of all events and its history.</summary>
internal sealed class BrokerSetup(SystemManifest manifest, Secrets secrets, EngineSteps steps, TimeProvider time)
{
    private const string Engine = "broker";

    private string Vhost { get; } = VhostOf(manifest.Engines.Broker!);

    /// <summary>With the credentials of the environment.</summary>
    public static ManagementClient Connect(EnginesManifest engines)
    {
        (string user, string password) = Credentials.BrokerAdministrator();
        return new ManagementClient(new UriBuilder(engines.ManagementOfBroker)
        {
            UserName = Uri.EscapeDataString(user), Password = Uri.EscapeDataString(password),
        }.Uri);
    }

    /// <summary>The virtual host that an AMQP URL names; without any it is <c>/</c>.</summary>
    public static string VhostOf(Uri broker) => broker.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(broker.AbsolutePath[1..]) : "/";

    public async Task<AppliedEngine> ApplyAsync(CancellationToken cancellation)
    {
        using ManagementClient client = Connect(manifest.Engines);
        OverviewInfo overview = await client.OverviewAsync(cancellation);
        EngineVersion.Require("RabbitMQ", overview.RabbitmqVersion, EngineVersion.RabbitLeast);
        bool isNew = await VhostAsync(client, cancellation);
        await ExchangeAsync(client, isNew, cancellation);
        List<UserInfo> users = await client.UsersAsync(cancellation);
        List<PermissionInfo> permissions = await client.PermissionsAsync(cancellation);
        List<TopicPermissionInfo> topics = await client.TopicPermissionsAsync(cancellation);
        foreach (ServiceManifest service in manifest.Services)
        {
            string user = Credentials.EngineUser(manifest, service.Name);
            string password = secrets.Of("broker", service.Name);
            await steps.EnsureAsync(Engine, $"user {user}", users.Any(u => u.Name == user && RabbitPassword.IsOf(u, password)),
                () => client.PutUserAsync(user, password, "", cancellation));
            BrokerRights rights = BrokerRights.Of(service);
            PermissionInfo permission = new(user, Vhost, rights.Names, rights.Names, rights.Names);
            await steps.EnsureAsync(Engine, $"rights of {user} to what is its own", permissions.Contains(permission),
                () => client.PutPermissionAsync(permission, cancellation));
            TopicPermissionInfo topic = new(user, Vhost, BrokerRights.Exchange, rights.Publishes, rights.Subscribes);
            await steps.EnsureAsync(Engine, $"events of {user}: {EventsOf(service)}", topics.Contains(topic),
                () => client.PutTopicPermissionAsync(topic, cancellation));
        }

        if (manifest.History is { } history) await HistoryAsync(client, history, isNew, cancellation);
        return new AppliedEngine(Endpoints.Text(manifest.Engines.Broker!), overview.RabbitmqVersion!, manifest.System, time.GetUtcNow())
        {
            Services = [.. manifest.Services.Select(AppliedService.Of)],
            History = manifest.History,
        };
    }

    private static string EventsOf(ServiceManifest service)
    {
        string[] parts =
        [
            .. service.Publishes.Count > 0 ? [$"publishes {string.Join(", ", service.Publishes)}"] : Array.Empty<string>(),
            .. service.Subscribes.Count > 0 ? [$"subscribes to {string.Join(", ", service.Subscribes)}"] : Array.Empty<string>(),
        ];
        return parts.Length == 0 ? "none" : string.Join("; ", parts);
    }

    /// <returns>Whether the virtual host is not there yet, in a dry run.</returns>
    private async Task<bool> VhostAsync(ManagementClient client, CancellationToken cancellation)
    {
        bool isThere = (await client.VhostsAsync(cancellation)).Any(v => v.Name == Vhost);
        await steps.EnsureAsync(Engine, $"virtual host {Vhost}", isThere, () => client.PutVhostAsync(Vhost, cancellation));
        // Declaring anything in it through the management API needs rights in it, which an administrator does not have by itself.
        PermissionInfo own = new(Credentials.BrokerAdministrator().User, Vhost, ".*", ".*", ".*");
        bool mayEnter = (await client.PermissionsAsync(cancellation)).Any(p => p.User == own.User && p.Vhost == Vhost);
        await steps.EnsureAsync(Engine, $"rights of {own.User} in it", mayEnter, () => client.PutPermissionAsync(own, cancellation));
        return !isThere && steps.IsDryRun;
    }

    private async Task ExchangeAsync(ManagementClient client, bool isNew, CancellationToken cancellation)
    {
        ExchangeInfo wanted = new(BrokerRights.Exchange, Vhost, "topic", true);
        ExchangeInfo? found = isNew ? null : (await client.ExchangesAsync(Vhost, cancellation)).Find(e => e.Name == wanted.Name);
        if (found is not null && found != wanted)
            throw new CommandException(ExitCode.Conflict,
                $"the exchange '{wanted.Name}' in virtual host '{Vhost}' is {(found.Durable ? "a durable" : "a transient")} {found.Type} exchange, and a "
                + "durable topic exchange is needed; take another virtual host (engines.broker: amqp://host/name), or remove it");
        await steps.EnsureAsync(Engine, $"exchange {wanted.Name}", found is not null, () => client.PutExchangeAsync(wanted, cancellation));
    }

    private async Task HistoryAsync(ManagementClient client, HistoryManifest history, bool isNew, CancellationToken cancellation)
    {
        QueueInfo? queue = isNew ? null : (await client.QueuesAsync(Vhost, cancellation)).Find(q => q.Name == EventHistory.Queue);
        if (queue is not null && queue.Type != "stream")
            throw new CommandException(ExitCode.Conflict,
                $"'{EventHistory.Queue}' in virtual host '{Vhost}' is a {queue.Type} queue and no stream; remove it");
        PolicyInfo? policy = isNew ? null : (await client.PoliciesAsync(Vhost, cancellation)).Find(p => p.Name == EventHistory.Queue);
        bool isBound = !isNew && (await client.BindingsAsync(Vhost, cancellation))
            .Any(b => b is { Source: BrokerRights.Exchange, Destination: EventHistory.Queue, RoutingKey: "#" });
        JsonObject definitions = EventHistory.Definitions(history, Vhost);
        await steps.EnsureAsync(
            Engine,
            $"stream {EventHistory.Queue}, at most {history.Age} and {history.Gigabytes} GB",
            queue is not null && isBound && policy is not null && Bounds(policy.Definition) == (history.Age, EventHistory.BytesOf(history)),
            () => client.ImportAsync(JsonSerializer.SerializeToUtf8Bytes(definitions), cancellation));
    }

    private static (string?, long) Bounds(JsonElement definition) => (
        definition.TryGetProperty("max-age", out JsonElement age) ? age.GetString() : null,
        definition.TryGetProperty("max-length-bytes", out JsonElement bytes) ? bytes.GetInt64() : 0);
}
