using Quintet.Broker.Amqp;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Topology;

/// <summary>
/// What is declared durable, in the definitions log: a key that says what it is, and a field table that says the rest. Names in keys carry their
/// length, so that no name can pretend to be two. Tasks complete when the change is on disk; the order of calls is the order on disk.
/// </summary>
internal sealed class Definitions(DefinitionsLog log)
{
    /// <summary>The log is shared: users are written by Access/UserStore.cs, global parameters by Parameters/GlobalParameters.cs.</summary>
    private static readonly string[] KindsOfOthers = ["user", "global"];

    private const string CounterKey = "counter/queue-id";

    // Ids are set aside in blocks, so that a declaration seldom writes the counter; at most a block is lost in a crash.
    private const uint IdsAtOnce = 1024;

    private readonly Lock _gate = new();
    private uint _nextId;
    private uint _idsEnd;

    public Task PutAsync(ExchangeSettings exchange) => log.PutAsync(KeyOf(exchange), FieldTableWriter.Encode(new FieldTable
    {
        { "vhost", FieldValue.Of(exchange.Vhost) },
        { "name", FieldValue.Of(exchange.Name) },
        { "type", FieldValue.Of(exchange.Type) },
        { "auto_delete", FieldValue.Of(exchange.IsAutoDelete) },
        { "internal", FieldValue.Of(exchange.IsInternal) },
        { "arguments", FieldValue.Of(exchange.Arguments) },
        { "id", FieldValue.Of(exchange.Id?.Value ?? 0) },
    }));

    public Task RemoveAsync(ExchangeSettings exchange) => log.RemoveAsync(KeyOf(exchange));

    public Task PutAsync(QueueSettings queue) => log.PutAsync(KeyOf(queue), FieldTableWriter.Encode(new FieldTable
    {
        { "vhost", FieldValue.Of(queue.Vhost) },
        { "name", FieldValue.Of(queue.Name) },
        { "id", FieldValue.Of(queue.Id!.Value.Value) },
        { "auto_delete", FieldValue.Of(queue.IsAutoDelete) },
        { "arguments", FieldValue.Of(queue.Arguments) },
    }));

    public Task RemoveAsync(QueueSettings queue) => log.RemoveAsync(KeyOf(queue));

    public Task PutAsync(Binding binding) => log.PutAsync(KeyOf(binding), FieldTableWriter.Encode(new FieldTable
    {
        { "vhost", FieldValue.Of(binding.Source.Settings.Vhost) },
        { "source", FieldValue.Of(binding.Source.Name) },
        { "destination", FieldValue.Of(binding.Destination.Name) },
        { "to_queue", FieldValue.Of(binding.Destination.Queue is not null) },
        { "routing_key", FieldValue.Of(binding.RoutingKey) },
        { "arguments", FieldValue.Of(binding.Arguments) },
    }));

    public Task RemoveAsync(Binding binding) => log.RemoveAsync(KeyOf(binding));

    public Task PutAsync(Policy policy) => log.PutAsync(KeyOf(policy.Key), FieldTableWriter.Encode(new FieldTable
    {
        { "vhost", FieldValue.Of(policy.Key.Vhost) },
        { "name", FieldValue.Of(policy.Name) },
        { "operator", FieldValue.Of(policy.Key.IsOperator) },
        { "pattern", FieldValue.Of(policy.Pattern) },
        { "apply_to", FieldValue.Of(policy.AppliesTo) },
        { "priority", FieldValue.Of(BitConverter.DoubleToInt64Bits(policy.Priority)) },
        { "definition", FieldValue.Of(policy.Definition) },
        { "since", FieldValue.Of(policy.SinceMs) },
    }));

    public Task RemoveAsync(PolicyKey policy) => log.RemoveAsync(KeyOf(policy));

    public Task PutAsync(VirtualHostSettings vhost) => log.PutAsync(KeyOf(vhost), FieldTableWriter.Encode(new FieldTable
    {
        { "name", FieldValue.Of(vhost.Name) },
        { "description", FieldValue.Of(vhost.Description) },
        { "tags", FieldValue.Of([.. vhost.Tags.Select(FieldValue.Of)]) },
        { "default_queue_type", FieldValue.Of(vhost.DefaultQueueType) },
        { "max-connections", FieldValue.Of(vhost.ConnectionsMax ?? -1) },
        { "max-queues", FieldValue.Of(vhost.QueuesMax ?? -1) },
    }));

    public Task RemoveAsync(VirtualHostSettings vhost) => log.RemoveAsync(KeyOf(vhost));

    /// <summary>Takes back what belongs to a virtual host that is not there: a crash came between its deletion and theirs.</summary>
    public Task RemoveAsync(DeclaredBinding binding) => log.RemoveAsync(binding.Key);

    /// <summary>A name for a queue in the store, never given before. It may be used at once: the counter is on disk before any later definition.</summary>
    public QueueId NewQueueId(out Task counted)
    {
        lock (_gate)
        {
            counted = Task.CompletedTask;
            if (_nextId == _idsEnd)
            {
                _idsEnd = _nextId + IdsAtOnce;
                counted = log.PutAsync(CounterKey, BitConverter.GetBytes(_idsEnd));
            }

            return new QueueId(_nextId++);
        }
    }

    /// <summary>What the log held at start, and the counter set past every id it may have given out.</summary>
    public DeclaredThings Read()
    {
        DeclaredThings declared = new();
        IReadOnlyDictionary<string, byte[]> all = log.Snapshot();
        foreach ((string key, byte[] value) in all)
        {
            if (key == CounterKey || KindsOfOthers.Contains(key[..key.IndexOf('/')])) continue;
            if (value.Length < 4 || !FieldTableReader.TryRead(value.AsSpan(4), out FieldTable? table))
                throw new InvalidDataException($"the definition '{key}' cannot be read");
            string kind = key[..key.IndexOf('/')];
            if (kind == "exchange") declared.Exchanges.Add(ExchangeOf(table));
            else if (kind == "queue") declared.Queues.Add(QueueOf(table));
            else if (kind == "binding") declared.Bindings.Add(BindingOf(key, table));
            else if (kind == "policy") declared.Policies.Add(PolicyOf(table));
            else if (kind == "vhost") declared.VirtualHosts.Add(VirtualHostOf(table));
            else throw new InvalidDataException($"the definition '{key}' is of a kind unknown here: written by a later version?");
        }

        lock (_gate)
        {
            _nextId = all.TryGetValue(CounterKey, out byte[]? counter) ? BitConverter.ToUInt32(counter) : 1;
            _idsEnd = _nextId;
        }

        return declared;
    }

    private static ExchangeSettings ExchangeOf(FieldTable table) => new()
    {
        Vhost = table.Text("vhost")!,
        Name = table.Text("name")!,
        Type = table.Text("type")!,
        IsDurable = true,
        IsAutoDelete = table.Flag("auto_delete"),
        IsInternal = table.Flag("internal"),
        Id = table.Integer("id") is { } id and > 0 ? new QueueId((uint)id) : null,
        Arguments = TableOf(table),
    };

    private static QueueSettings QueueOf(FieldTable table) => new()
    {
        Vhost = table.Text("vhost")!,
        Name = table.Text("name")!,
        Id = new QueueId((uint)table.Integer("id")!.Value),
        IsDurable = true,
        IsAutoDelete = table.Flag("auto_delete"),
        Arguments = TableOf(table),
    };

    private static VirtualHostSettings VirtualHostOf(FieldTable table) => new()
    {
        Name = table.Text("name")!,
        Description = table.Text("description")!,
        Tags = table.TryGet("tags", out FieldValue tags) ? [.. ((List<FieldValue>)tags.Object!).Select(tag => tag.Text!)] : [],
        DefaultQueueType = table.Text("default_queue_type")!,
        ConnectionsMax = table.Integer("max-connections") is >= 0 and var connections ? connections : null,
        QueuesMax = table.Integer("max-queues") is >= 0 and var queues ? queues : null,
    };

    private static DeclaredBinding BindingOf(string key, FieldTable table) => new(
        table.Text("vhost")!,
        table.Text("source")!,
        (table.Text("destination")!, table.Flag("to_queue")),
        (table.Text("routing_key")!, TableOf(table))) { Key = key };

    private static Policy PolicyOf(FieldTable table) => new(
        new PolicyKey(table.Text("vhost")!, table.Text("name")!, table.Flag("operator")),
        table.Text("pattern")!,
        table.TryGet("definition", out FieldValue value) ? (FieldTable)value.Object! : FieldTable.Empty)
    {
        AppliesTo = table.Text("apply_to")!,
        Priority = BitConverter.Int64BitsToDouble(table.Integer("priority")!.Value),
        SinceMs = table.Integer("since") ?? 0, // not written before there was such a thing
    };

    private static FieldTable TableOf(FieldTable table) => table.TryGet("arguments", out FieldValue value) ? (FieldTable)value.Object! : FieldTable.Empty;

    private static string KeyOf(VirtualHostSettings vhost) => $"vhost/{Sized(vhost.Name)}";

    private static string KeyOf(ExchangeSettings exchange) => $"exchange/{Sized(exchange.Vhost)}/{Sized(exchange.Name)}";

    private static string KeyOf(QueueSettings queue) => $"queue/{Sized(queue.Vhost)}/{Sized(queue.Name)}";

    private static string KeyOf(PolicyKey policy) => $"policy/{(policy.IsOperator ? 'o' : 'p')}/{Sized(policy.Vhost)}/{Sized(policy.Name)}";

    private static string KeyOf(Binding binding)
    {
        BindingKey key = binding.Key;
        return $"binding/{Sized(binding.Source.Settings.Vhost)}/{Sized(binding.Source.Name)}/{(key.ToQueue ? 'q' : 'e')}/{Sized(key.Destination)}"
            + $"/{Sized(key.RoutingKey)}/{key.Arguments}";
    }

    private static string Sized(string name) => $"{name.Length}:{name}";
}

/// <summary>What was declared before the start.</summary>
internal sealed class DeclaredThings
{
    public List<VirtualHostSettings> VirtualHosts { get; } = [];

    public List<ExchangeSettings> Exchanges { get; } = [];

    public List<QueueSettings> Queues { get; } = [];

    public List<DeclaredBinding> Bindings { get; } = [];

    public List<Policy> Policies { get; } = [];
}

/// <summary>A durable binding by its names.</summary>
internal sealed record DeclaredBinding(string Vhost, string Source, (string Name, bool IsQueue) Destination, (string RoutingKey, FieldTable Arguments) Rule)
{
    /// <summary>Its key in the definitions log; empty when it does not come from there.</summary>
    public string Key { get; init; } = "";
}
