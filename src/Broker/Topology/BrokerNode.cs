using Microsoft.Extensions.Logging;
using Quintet.Broker.Alarms;
using Quintet.Broker.Limits;
using Quintet.Broker.Parameters;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Streams;
using Quintet.Broker.Streams;
using Quintet.Broker.Topology.Delays;

namespace Quintet.Broker.Topology;

/// <summary>The broker without its sockets: storage, virtual hosts, and what was recovered into them.</summary>
internal sealed partial class BrokerNode : IAsyncDisposable
{
    private const int ManyMessages = 100_000;

    private readonly Disk _disk;
    private readonly DefinitionsLog _definitionsLog;
    private readonly Definitions _definitions;
    private readonly QueueServices _services;
    private readonly ILogger _logger;

    private BrokerNode(Disk disk, StorageOptions options, TimeProvider time, ILogger logger, LimitOptions limits, MessageHops hops)
    {
        _logger = logger;
        Time = time;
        _disk = disk;
        Store = MessageStore.Open(options, _disk, time);
        Store.StateChanged += OnStateChanged;
        _definitionsLog = DefinitionsLog.Open(_disk, options);
        _definitionsLog.Failed += failure => OnStateChanged(StorageState.Failed, failure.Message);
        _definitions = new Definitions(_definitionsLog);
        GlobalParameters = new GlobalParameters(_definitionsLog);
        Hops = hops;
        Intake = new Intake(Store, hops);
        Streams = new StreamStore(
            Store, _disk, options, time, (StreamEntries.Encode, failure => Log.NotMoved(logger, failure)));
        DeadLetters deadLetters = new(Store, Intake, time, FindVhost);
        _services = new QueueServices
        {
            Store = Store,
            Streams = Streams,
            Time = time,
            Room = new TopologyRoom(limits),
            SendDeadLetter = deadLetters.SendAsync,
            Hops = hops,
            Unused = DeleteUnused,
            DelayFailed = (exchange, failure) => Log.DelayFailed(logger, exchange, failure),
            Failed = (queue, failure) => Log.QueueFailed(logger, queue.Name, queue.Settings.Vhost, failure),
        };
        VirtualHosts = new VirtualHosts(_definitions, _services);
    }

    public MessageStore Store { get; }

    public StreamStore Streams { get; }

    public Intake Intake { get; }

    public MessageHops Hops { get; }

    public TimeProvider Time { get; }

    public ChurnStats Churn => _services.Churn;

    public TopologyRoom Room => _services.Room;

    /// <summary>What queues counted that are deleted.</summary>
    public IReadOnlyDictionary<QueueKind, EndedStats> EndedQueues => _services.Ended;

    /// <summary>What channels counted that are closed.</summary>
    public EndedStats EndedChannels { get; } = new();

    public VirtualHosts VirtualHosts { get; }

    public ICollection<VirtualHost> Vhosts => VirtualHosts.All;

    public GlobalParameters GlobalParameters { get; }

    public LoginStats Logins { get; } = new();

    /// <summary>Everything that is remembered besides messages; users are kept there, too.</summary>
    public DefinitionsLog DefinitionsLog => _definitionsLog;

    /// <summary>What is short; publishers are held back as long as anything is.</summary>
    public AlarmBoard Alarms { get; } = new();

    /// <summary>Opens the data folder and brings everything back that was durable. Blocks until it is there. The disk is the node's from now on.</summary>
    public static BrokerNode Open(
        Disk disk, StorageOptions options, TimeProvider time, ILogger logger, LimitOptions? limits = null, MessageHops? hops = null)
    {
        BrokerNode node;
        try
        {
            node = new BrokerNode(disk, options, time, logger, limits ?? new LimitOptions(), hops ?? MessageHops.Off);
        }
        catch
        {
            disk.Dispose(); // or the next try in this process would find the folder taken
            throw;
        }

        node.Restore();
        // The lists of a long backlog are garbage once the method above has ended, and a broker at rest would keep them for hours.
        if (node.Store.Recovered.Messages > ManyMessages) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        // It may have failed or found the disk full before anybody listened.
        node.LookAtSpace();
        if (node.Store.State == StorageState.Failed) node.OnStateChanged(StorageState.Failed, node.Store.StateReason);
        return node;
    }

    /// <summary>Keeps what a channel counted that is closed.</summary>
    public void CountEnded(VirtualHost vhost, MessageStats channel)
    {
        EndedChannels.Add(channel);
        vhost.EndedChannels.Add(channel);
    }

    public VirtualHost? FindVhost(string name) => VirtualHosts.Find(name);

    public async ValueTask DisposeAsync()
    {
        foreach (VirtualHost vhost in Vhosts)
        {
            foreach (DelayedExchange exchange in vhost.Exchanges.OfType<DelayedExchange>()) await exchange.Held.DisposeAsync();
            foreach (Queue queue in vhost.Queues) await queue.DisposeAsync();
        }

        await Streams.DisposeAsync();
        Store.StateChanged -= OnStateChanged;
        await Store.DisposeAsync();
        await _definitionsLog.DisposeAsync();
        VirtualHosts.Dispose();
        GlobalParameters.Dispose();
        _disk.Dispose();
    }

    private void Restore()
    {
        long started = Time.GetTimestamp();
        DeclaredThings declared = _definitions.Read();
        VirtualHosts.Restore(declared.VirtualHosts);
        RestorePolicies(declared);
        foreach (ExchangeSettings exchange in declared.Exchanges)
        {
            if (FindVhost(exchange.Vhost) is { } vhost) vhost.Restore(exchange);
            else _ = _definitions.RemoveAsync(exchange); // its virtual host was deleted just before the end; so for queues and bindings
        }

        foreach (QueueSettings queue in declared.Queues)
        {
            if (FindVhost(queue.Vhost) is { } vhost) vhost.Restore(queue, Store.TakeRecovered(queue.Id!.Value));
            else _ = _definitions.RemoveAsync(queue);
        }

        foreach (DeclaredBinding binding in declared.Bindings)
        {
            if (FindVhost(binding.Vhost) is not { } vhost) _ = _definitions.RemoveAsync(binding);
            else if (!vhost.TryRestore(binding)) Log.BindingDropped(_logger, binding.Source, binding.Destination.Name);
        }

        RestoreHeld();

        // Queues deleted just before the end: their messages go, too.
        Streams.DeleteLeftOver();
        foreach (QueueId gone in Store.RecoveredQueues.ToArray())
            Store.Settle([.. Store.TakeRecovered(gone).Select(message => message.Ref)]);
        Log.Recovered(_logger, Store.Recovered.Messages, declared.Queues.Count, Time.GetElapsedTime(started));
    }

    private void RestorePolicies(DeclaredThings declared)
    {
        foreach (IGrouping<string, Policy> policies in declared.Policies.GroupBy(policy => policy.Key.Vhost))
        {
            if (FindVhost(policies.Key) is { } vhost) vhost.Restore(policies);
            else foreach (Policy policy in policies) _ = _definitions.RemoveAsync(policy.Key);
        }
    }

    // Behind the bindings: what is due already is routed by them.
    private void RestoreHeld()
    {
        foreach (DelayedExchange exchange in Vhosts.SelectMany(vhost => vhost.Exchanges).OfType<DelayedExchange>())
        {
            if (exchange.Settings.Id is { } id) exchange.Held.Restore(Store.TakeRecovered(id));
            exchange.Held.Start();
        }
    }

    private void DeleteUnused(Queue queue)
    {
        if (FindVhost(queue.Settings.Vhost) is not { } vhost) return;
        _ = vhost.DeleteQueue(queue, static counts => counts.Consumers == 0); // a crash before it is on disk: it expires once more
        Log.QueueExpired(_logger, queue.Name, vhost.Name);
    }

    private void OnStateChanged(StorageState state, string reason)
    {
        switch (state)
        {
            case StorageState.SpaceLow:
                Log.SpaceLow(_logger, reason);
                LookAtSpace();
                break;
            case StorageState.Open:
                LookAtSpace();
                Log.SpaceBack(_logger, Alarms.Reason is { } other ? $"publishers stay blocked: {other}" : "publishers go on");
                break;
            case StorageState.Failed:
                // What the disk holds is unknown from here on: a process that went on would confirm what it may not have.
                Log.StorageFailed(_logger, reason);
                Environment.FailFast($"The broker's storage failed: {reason}");
                break;
            default: break;
        }
    }

    // Two threads may bring news at once: the store knows how it is.
    private void LookAtSpace() => Alarms.Update(Resource.Disk, () => Store.State == StorageState.SpaceLow);

    private static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Information, "Recovered {Messages} messages of {Queues} durable queues in {Elapsed}")]
        public static partial void Recovered(ILogger logger, long messages, int queues, TimeSpan elapsed);

        [LoggerMessage(1001, LogLevel.Warning, "Dropped a binding from exchange {Exchange} to {Destination}: an end of it is gone")]
        public static partial void BindingDropped(ILogger logger, string exchange, string destination);

        [LoggerMessage(1002, LogLevel.Information, "Deleted queue {Queue} in vhost {Vhost}: it was unused for its x-expires")]
        public static partial void QueueExpired(ILogger logger, string queue, string vhost);

        [LoggerMessage(1003, LogLevel.Error, "Queue {Queue} in vhost {Vhost} could not read or pass on a message")]
        public static partial void QueueFailed(ILogger logger, string queue, string vhost, Exception failure);

        [LoggerMessage(1007, LogLevel.Error, "A delayed message of {Exchange} could not be read or moved on")]
        public static partial void DelayFailed(ILogger logger, string exchange, Exception failure);

        [LoggerMessage(1008, LogLevel.Error, "A message for a stream could not be read from the message log, where it stays")]
        public static partial void NotMoved(ILogger logger, Exception failure);

        [LoggerMessage(1004, LogLevel.Error, "Publishers are blocked, the disk is short of space: {Reason}")]
        public static partial void SpaceLow(ILogger logger, string reason);

        [LoggerMessage(1005, LogLevel.Information, "The disk has space again; {Consequence}")]
        public static partial void SpaceBack(ILogger logger, string consequence);

        [LoggerMessage(1006, LogLevel.Critical, "Stopping at once: the storage failed: {Reason}")]
        public static partial void StorageFailed(ILogger logger, string reason);
    }
}
