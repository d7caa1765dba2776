using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Quintet.Broker.Access;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Migration;

/// <summary>
/// Takes definitions in. First all is read and checked, and every fault reported; only then is anything changed. What is there already stays, but
/// for users, rights, descriptions and limits, which are set as the file says: so importing twice is importing once, as with RabbitMQ.
/// </summary>
internal sealed partial class DefinitionsImport(BrokerNode node, Users users, BrokerOptions options, ILogger<DefinitionsImport> logger)
{
    private readonly object _nobody = new();

    /// <summary>The file of the settings, before the ports open.</summary>
    /// <exception cref="ChangeRefusedException">It cannot be read, or has faults.</exception>
    public async Task LoadAsync(string file, CancellationToken stop)
    {
        byte[] octets;
        try
        {
            octets = await File.ReadAllBytesAsync(file, stop);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ChangeRefusedException($"Broker:Definitions: {fault.Message}");
        }

        try
        {
            await ImportAsync(Parse(octets), onlyVhost: null, atStart: true);
        }
        catch (ChangeRefusedException fault)
        {
            throw new ChangeRefusedException($"Broker:Definitions: {file}: {fault.Message}");
        }

        Log.Loaded(logger, file);
    }

    /// <exception cref="ChangeRefusedException">It is no JSON object.</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> octets)
    {
        if (octets.StartsWith("\uFEFF"u8)) octets = octets[3..];
        if (octets.IsEmpty) return [];
        try
        {
            return JsonNode.Parse(octets, documentOptions: new JsonDocumentOptions { MaxDepth = 64 }) as JsonObject
                ?? throw new ChangeRefusedException("failed_to_parse_json");
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException) // the latter: a member that is there twice
        {
            throw new ChangeRefusedException("failed_to_parse_json");
        }
    }

    /// <exception cref="ChangeRefusedException">All faults, each with its place; nothing was changed.</exception>
    public async Task ImportAsync(JsonObject document, string? onlyVhost, bool atStart = false)
    {
        ImportPlan plan = new PlanReader(document, onlyVhost).Read();
        new PlanCheck(plan, node, users, options.Limits).Run(onlyVhost);
        if (plan.Faults.Count > 0) throw new ChangeRefusedException(string.Join("; ", plan.Faults));

        if (atStart && plan.Users.Count > 0) users.DropDefaultGuest();
        foreach ((string name, Func<VirtualHostSettings, VirtualHostSettings> describe) in plan.VirtualHosts.Concat(plan.Limits))
            await node.VirtualHosts.PutAsync(name, options.Limits.VirtualHosts, describe);
        await users.ChangeManyAsync([.. UserChanges(plan)]);
        foreach ((string name, JsonNode? value) in plan.GlobalParameters)
            await node.GlobalParameters.PutAsync(name, value, int.MaxValue); // their number was checked
        await DeclareAsync(plan);
    }

    // A user and its rights are one record each.
    private IEnumerable<(string Name, Func<UserSettings?, UserSettings> Change)> UserChanges(ImportPlan plan)
    {
        foreach (UserSettings user in plan.Users)
        {
            if (users.IsOfSettings(user.Name)) Log.UserOfSettings(logger, user.Name);
            else yield return (user.Name, current => Described(current, user));
        }

        foreach ((string user, Permission permission) in plan.Permissions.Where(of => !users.IsOfSettings(of.User)))
            yield return (user, current => Known(user, current) is var known && known.Permissions.Contains(permission) ? known : known.With(permission));
        foreach ((string user, TopicPermission permission) in plan.TopicPermissions.Where(of => !users.IsOfSettings(of.User)))
            yield return (user, current => Known(user, current) is var known && known.TopicPermissions.Contains(permission) ? known : known.With(permission));
    }

    // Found when the plan was checked; somebody may have removed it since.
    private static UserSettings Known(string name, UserSettings? current) => current ?? throw new ChangeRefusedException($"no_such_user: {name}");

    // The same hash is the same password: then nothing is written, and the rights stay in any case.
    private static UserSettings Described(UserSettings? current, UserSettings described)
    {
        if (current is null) return described;
        bool isSame = current.Password?.Text == described.Password?.Text && current.Tags.SequenceEqual(described.Tags) && current.Limits == described.Limits;
        return isSame ? current : current with { Password = described.Password, Tags = described.Tags, Limits = described.Limits };
    }

    // Begun together, so that many share a sync.
    private async Task DeclareAsync(ImportPlan plan)
    {
        List<Task> changes = [];
        foreach (ExchangeSettings exchange in plan.Exchanges)
            if (Vhost(exchange.Vhost).FindExchange(exchange.Name) is null) changes.Add(Vhost(exchange.Vhost).DeclareExchange(exchange));
        foreach (Policy policy in plan.Policies) changes.Add(Vhost(policy.Key.Vhost).PutPolicy(policy));
        foreach (QueueSettings queue in plan.Queues)
        {
            if (Vhost(queue.Vhost).FindQueue(queue.Name) is not null) continue;
            Vhost(queue.Vhost).DeclareQueue(queue, _nobody, out Task durable);
            changes.Add(durable);
        }

        foreach (DeclaredBinding binding in plan.Bindings)
        {
            VirtualHost vhost = Vhost(binding.Vhost);
            Destination destination = binding.Destination.IsQueue
                ? new Destination(vhost.FindQueue(binding.Destination.Name), null)
                : new Destination(null, vhost.FindExchange(binding.Destination.Name));
            if (vhost.FindExchange(binding.Source) is { } source && destination != default)
                changes.Add(vhost.Bind(new Binding(source, destination, binding.Rule.RoutingKey, binding.Rule.Arguments)));
            else Log.BindingPassedOver(logger, binding.Source, binding.Destination.Name, binding.Vhost); // RabbitMQ's exports hold such, and it takes them so
        }

        await Task.WhenAll(changes);
    }

    private VirtualHost Vhost(string name) => node.FindVhost(name) ?? throw new ChangeRefusedException($"no_such_vhost: {name}");

    private static partial class Log
    {
        [LoggerMessage(1140, LogLevel.Information, "Loaded the definitions of {File}")]
        public static partial void Loaded(ILogger logger, string file);

        [LoggerMessage(1141, LogLevel.Warning, "Passed over an imported user {User}: the settings describe a user of that name")]
        public static partial void UserOfSettings(ILogger logger, string user);

        [LoggerMessage(1142, LogLevel.Warning, "Passed over an imported binding from exchange {Exchange} to {Destination} in vhost {Vhost}: an end is missing")]
        public static partial void BindingPassedOver(ILogger logger, string exchange, string destination, string vhost);
    }
}
