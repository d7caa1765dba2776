using System.Collections.Concurrent;
using Quintet.Broker.Amqp;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;
using Quintet.Broker.Streams;
using Quintet.Broker.Topology.Declarations;
using Quintet.Broker.Topology.Delays;
using Quintet.Broker.Topology.Routing;

namespace Quintet.Broker.Topology;

/// <summary>
/// A virtual host: its exchanges, queues and bindings. Changes are made under one gate; publishers look up without it. A change returns a task
/// that completes when it is on disk, and the Ok is sent after that.
/// </summary>
internal sealed class VirtualHost
{
    public static readonly (string Name, string Type, bool IsInternal)[] Predeclared =
    [
        ("amq.direct", "direct", false), ("amq.fanout", "fanout", false), ("amq.topic", "topic", false), ("amq.headers", "headers", false),
        ("amq.match", "headers", false), ("amq.rabbitmq.trace", "topic", true),
    ];

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, Exchange> _exchanges = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Queue> _queues = new(StringComparer.Ordinal);
    private readonly Definitions _definitions;
    private readonly QueueServices _services;
    private readonly BindingsByDestination _bindingsTo;
    private bool _isGone;

    public VirtualHost(VirtualHostSettings settings, Definitions definitions, QueueServices services)
    {
        string name = settings.Name;
        Name = name;
        Settings = settings;
        _definitions = definitions;
        _services = services;
        _bindingsTo = new BindingsByDestination(services.Room);
        Default = new DefaultExchange(name, _queues);
        _exchanges[""] = Default;
        foreach ((string exchange, string type, bool isInternal) in Predeclared)
            Add(new ExchangeSettings { Vhost = name, Name = exchange, Type = type, IsDurable = true, IsInternal = isInternal });
    }

    public string Name { get; }

    public PolicyBook Policies { get; } = new();

    /// <summary>Swapped as a whole by <see cref="VirtualHosts"/>.</summary>
    public VirtualHostSettings Settings { get; set; }

    /// <summary>What channels counted here that are closed.</summary>
    public EndedStats EndedChannels { get; } = new();

    public Exchange Default { get; }

    public ICollection<Exchange> Exchanges => _exchanges.Values;

    public ICollection<Queue> Queues => _queues.Values;

    public Exchange? FindExchange(string name) => _exchanges.GetValueOrDefault(name);

    public Queue? FindQueue(string name) => _queues.GetValueOrDefault(name);

    /// <exception cref="AmqpException">404.</exception>
    public Exchange GetExchange(string name) =>
        FindExchange(name) ?? throw new AmqpException(ReplyCode.NotFound, $"no exchange '{name}' in vhost '{Name}'");

    /// <exception cref="AmqpException">404, or 405 when the queue is exclusive to another connection.</exception>
    public Queue GetQueue(string name, object? connection)
    {
        Queue queue = FindQueue(name) ?? throw NoQueue(name);
        RefuseStranger(queue, connection);
        return queue;
    }

    /// <summary>Puts policies back; before the queues, so that each comes back under its own.</summary>
    public void Restore(IEnumerable<Policy> policies)
    {
        lock (_gate)
        {
            foreach (Policy policy in policies) Policies.Put(policy);
            ApplyPoliciesLocked();
        }
    }

    /// <summary>Puts a policy in force, in the place of the one of that name.</summary>
    public Task PutPolicy(Policy policy)
    {
        lock (_gate)
        {
            RefuseIfGone();
            int most = _services.Room.Limits.Policies;
            if (Policies.Find(policy.Name, policy.Key.IsOperator) is null && Policies.All.Count() >= most)
                throw new ChangeRefusedException($"cannot set policy '{policy.Name}': policy limit of {most} in vhost '{Name}' is reached");
            policy.Begin(Policies.Find(policy.Name, policy.Key.IsOperator), _services.NowMs);
            Policies.Put(policy);
            ApplyPoliciesLocked();
            return _definitions.PutAsync(policy);
        }
    }

    /// <summary>Ends a policy; null when there is none of that name.</summary>
    public Task? TryRemovePolicy(PolicyKey key)
    {
        lock (_gate)
        {
            if (!Policies.Remove(key.Name, key.IsOperator)) return null;
            ApplyPoliciesLocked();
            return _definitions.RemoveAsync(key);
        }
    }

    /// <summary>Puts back what the definitions log held.</summary>
    public void Restore(ExchangeSettings exchange) => Add(exchange);

    /// <summary>Puts back a queue with its messages.</summary>
    public Queue Restore(QueueSettings declared, IReadOnlyList<Storage.RecoveredMessage> messages)
    {
        Queue queue = Make(UnderPolicies(QueueArguments.Understand(declared)));
        queue.Restore(messages);
        _queues[queue.Name] = queue;
        _services.Room.QueuesChanged(1);
        return queue;
    }

    /// <summary>Puts back a binding; false when an end of it is gone.</summary>
    public bool TryRestore(DeclaredBinding declared)
    {
        Destination destination = declared.Destination.IsQueue
            ? new Destination(FindQueue(declared.Destination.Name), null)
            : new Destination(null, FindExchange(declared.Destination.Name));
        if (FindExchange(declared.Source) is not { } source || destination == default) return false;
        lock (_gate) AddLocked(new Binding(source, destination, declared.Rule.RoutingKey, declared.Rule.Arguments));
        return true;
    }

    public Task DeclareExchange(ExchangeSettings declared)
    {
        lock (_gate)
        {
            if (_exchanges.TryGetValue(declared.Name, out Exchange? current))
            {
                ExchangeArguments.CheckEquivalent(current.Settings, declared);
                return Task.CompletedTask;
            }

            if (declared.Name.StartsWith("amq.", StringComparison.Ordinal))
                throw new AmqpException(ReplyCode.AccessRefused, $"exchange name '{declared.Name}' contains reserved prefix 'amq.*'");
            ExchangeArguments.Check(declared, _services.Room.Limits.DeduplicationKeys);
            _services.Room.RequireExchange(declared.Name, Name, declared.Arguments);
            RefuseIfGone();
            if (declared is { Type: DelayedExchange.TypeName, IsDurable: true }) declared = declared with { Id = _definitions.NewQueueId(out _) };
            Add(declared);
            if (FindExchange(declared.Name) is DelayedExchange delayed) delayed.Held.Start();
            return declared.IsDurable ? _definitions.PutAsync(declared) : Task.CompletedTask;
        }
    }

    public Task DeleteExchange(string name, bool ifUnused)
    {
        if (name.StartsWith("amq.", StringComparison.Ordinal))
            throw new AmqpException(ReplyCode.AccessRefused, $"deletion of system exchange '{name}' in vhost '{Name}' not allowed");
        lock (_gate)
        {
            if (!_exchanges.TryGetValue(name, out Exchange? exchange)) return Task.CompletedTask;
            if (ifUnused && exchange.Bindings.Count > 0) throw new AmqpException(ReplyCode.PreconditionFailed, $"{exchange.Settings.Described} in use");
            return RemoveLocked(exchange);
        }
    }

    public Task Bind(Binding binding)
    {
        ExchangeTypes.Check(binding.Source.Settings, BindingTerms.Of(binding));
        lock (_gate)
        {
            // An end may have been deleted since it was looked up: what is bound must be there.
            if (!IsThere(binding.Source)) throw new AmqpException(ReplyCode.NotFound, $"no {binding.Source.Settings.Described}");
            if (binding.Destination.Queue is { } queue && FindQueue(queue.Name) != queue) throw NoQueue(queue.Name);
            if (binding.Destination.Exchange is { } target && !IsThere(target))
                throw new AmqpException(ReplyCode.NotFound, $"no {target.Settings.Described}");
            RefuseIfGone();
            if (binding.Source.FindBinding(binding.Key) is null)
                _services.Room.RequireBinding(binding.Source.Name, binding.Destination.Name, binding.RoutingKey, binding.Arguments);
            return AddLocked(binding) && binding.IsDurable ? _definitions.PutAsync(binding) : Task.CompletedTask;
        }
    }

    /// <summary>Removing what is not bound is fine.</summary>
    /// <param name="source">The exchange it leads from.</param>
    /// <param name="key">Which binding; it need not be there.</param>
    /// <param name="connection">Who unbinds a queue: it must not be the exclusive one of another; null where that has been looked at.</param>
    public Task Unbind(Exchange source, BindingKey key, object? connection = null)
    {
        lock (_gate)
        {
            if (connection is not null && source.FindBinding(key)?.Destination.Queue is { } queue) RefuseStranger(queue, connection);
            if (!source.TryUnbind(key, out Binding? removed)) return Task.CompletedTask;
            _bindingsTo.Remove(removed);
            Task change = removed.IsDurable ? _definitions.RemoveAsync(removed) : Task.CompletedTask;
            return source.Settings.IsAutoDelete && source.Bindings.Count == 0 && IsThere(source) ? RemoveLocked(source) : change;
        }
    }

    /// <param name="declared">As declared; its arguments are understood here.</param>
    /// <param name="connection">Who declares: the owner if the queue is exclusive.</param>
    /// <param name="durable">Completes when the queue is on disk.</param>
    public Queue DeclareQueue(QueueSettings declared, object connection, out Task durable)
    {
        declared = Settings.Typed(declared);
        lock (_gate)
        {
            durable = Task.CompletedTask;
            _services.Churn.Count(Churn.QueueDeclared);
            if (_queues.TryGetValue(declared.Name, out Queue? current))
            {
                RefuseStranger(current, connection);
                if (declared.IsExclusive != current.Settings.IsExclusive) throw Locked(current);
                QueueArguments.CheckEquivalent(current.Settings, declared with { IsDurable = current.Settings.IsExclusive ? current.Settings.IsDurable
                    : declared.IsDurable });
                current.Touch();
                return current;
            }

            QueueSettings settings = UnderPolicies(QueueArguments.Understand(declared));
            RefuseIfGone();
            _services.Room.RequireQueue(declared.Name, declared.Arguments, (Name, Settings.QueuesMax, _queues.Count));
            if (settings is { IsDurable: true, IsExclusive: false })
            {
                settings = settings with { Id = _definitions.NewQueueId(out _) };
                durable = _definitions.PutAsync(settings);
            }

            Queue queue = Make(settings, settings.IsExclusive ? connection : null);
            _queues[settings.Name] = queue;
            _services.Room.QueuesChanged(1);
            _services.Churn.Count(Churn.QueueCreated);
            return queue;
        }
    }

    /// <summary>Ends a queue and its bindings; null when the condition does not hold, or somebody else was faster.</summary>
    public QueueDeletion? TryDeleteQueue(Queue queue, Func<QueueCounts, bool> condition)
    {
        lock (_gate)
        {
            if (queue.TryDelete(condition) is not { } end) return null;
            _queues.TryRemove(new KeyValuePair<string, Queue>(queue.Name, queue));
            _services.Room.QueuesChanged(-1);
            _services.Churn.Count(Churn.QueueDeleted);
            _services.Ended[queue.Settings.Kind].Add(queue.Stats);
            Task durable = queue.Settings.Id is not null ? _definitions.RemoveAsync(queue.Settings) : Task.CompletedTask;
            return new QueueDeletion(end, UnbindAllLocked(queue, durable));
        }
    }

    /// <summary>Ends a queue at nobody's request: its consumers are told at once.</summary>
    public Task DeleteQueue(Queue queue, Func<QueueCounts, bool> condition)
    {
        if (TryDeleteQueue(queue, condition) is not { } deletion) return Task.CompletedTask;
        deletion.End.TellConsumers();
        return deletion.Durable;
    }

    /// <summary>All bindings, those of the default exchange left out.</summary>
    public List<Binding> ListBindings()
    {
        lock (_gate) return [.. _exchanges.Values.SelectMany(exchange => exchange.Bindings)];
    }

    /// <summary>Ends all there is, after the description is off the disk; completes when nothing is left there. Refuses declarations from then on.</summary>
    public Task End()
    {
        lock (_gate)
        {
            _isGone = true;
            Task last = Task.CompletedTask;
            foreach (Queue queue in _queues.Values)
            {
                queue.TryDelete(static _ => true);
                if (queue.Settings.Id is not null) last = _definitions.RemoveAsync(queue.Settings);
            }

            _services.Room.QueuesChanged(-_queues.Count);
            _services.Room.ExchangesChanged(1 - _exchanges.Count); // the default exchange was never counted
            _queues.Clear();
            foreach (Exchange exchange in _exchanges.Values.Where(exchange => exchange != Default))
            {
                exchange.Removed();
                last = RemoveStored(exchange) ?? last;
            }

            _exchanges.Clear();
            _bindingsTo.Clear();
            foreach (Policy policy in Policies.All) last = _definitions.RemoveAsync(policy.Key);
            return last;
        }
    }

    public static void RefuseStranger(Queue queue, object? connection)
    {
        if (queue.Owner is not null && queue.Owner != connection) throw Locked(queue);
    }

    private static AmqpException Locked(Queue queue) => new(
        ReplyCode.ResourceLocked,
        $"cannot obtain exclusive access to locked {queue.Settings.Described}. It could be originally declared on another connection or the "
        + "exclusive property value does not match that of the original declaration.");

    private AmqpException NoQueue(string name) => new(ReplyCode.NotFound, $"no queue '{name}' in vhost '{Name}'");

    private void RefuseIfGone()
    {
        if (_isGone) throw new AmqpException(ReplyCode.ConnectionForced, $"vhost '{Name}' is deleted");
    }

    // Predeclared exchanges are made with their virtual host and never stored; bindings to or from them are.
    private Task? RemoveStored(Exchange exchange)
    {
        Task? last = null;
        bool isStored = exchange.IsDurable && !exchange.Name.StartsWith("amq.", StringComparison.Ordinal);
        if (isStored) last = _definitions.RemoveAsync(exchange.Settings);
        foreach (Binding binding in exchange.Bindings.Where(binding => binding.IsDurable)) last = _definitions.RemoveAsync(binding);
        return last;
    }

    private bool IsThere(Exchange exchange) => FindExchange(exchange.Name) == exchange;

    private void Add(ExchangeSettings settings)
    {
        if (!Exchange.TryCreate(settings, FindExchange, _services, out Exchange? exchange))
            throw new InvalidDataException($"{settings.Described} is of the type '{settings.Type}', which is unknown here");
        exchange.Apply(Policies.Match(PolicyMerge.TargetOf(settings)));
        _exchanges[settings.Name] = exchange;
        _services.Room.ExchangesChanged(1);
    }

    private Queue Make(QueueSettings settings, object? owner = null) =>
        settings.IsStream ? new StreamQueue(settings, _services) : new WorkQueue(settings, _services) { Owner = owner };

    private QueueSettings UnderPolicies(QueueSettings declared) =>
        PolicyMerge.Lay(declared, Policies.Match(PolicyMerge.TargetOf(declared)));

    private void ApplyPoliciesLocked()
    {
        foreach (Exchange exchange in _exchanges.Values) exchange.Apply(Policies.Match(PolicyMerge.TargetOf(exchange.Settings)));
        foreach (Queue queue in _queues.Values)
        {
            QueueSettings now = UnderPolicies(QueueArguments.Understand(queue.Settings));
            if (now != queue.Settings) queue.Apply(now);
        }
    }

    private bool AddLocked(Binding binding)
    {
        if (!binding.Source.TryBind(binding)) return false;
        _bindingsTo.Add(binding);
        return true;
    }

    private Task RemoveLocked(Exchange exchange)
    {
        _exchanges.TryRemove(new KeyValuePair<string, Exchange>(exchange.Name, exchange));
        exchange.Removed();
        _services.Room.ExchangesChanged(-1);
        Task last = exchange.IsDurable ? _definitions.RemoveAsync(exchange.Settings) : Task.CompletedTask;
        foreach (Binding binding in exchange.Bindings.ToArray())
        {
            exchange.TryUnbind(binding.Key, out _);
            _bindingsTo.Remove(binding);
            if (binding.IsDurable) last = _definitions.RemoveAsync(binding);
        }

        return UnbindAllLocked(exchange, last);
    }

    // Removes the bindings that lead to what is gone; an auto-delete exchange left without any goes too.
    private Task UnbindAllLocked(object end, Task last)
    {
        foreach (Binding binding in _bindingsTo.TakeAll(end))
        {
            binding.Source.TryUnbind(binding.Key, out _);
            if (binding.IsDurable) last = _definitions.RemoveAsync(binding);
            if (binding.Source.Settings.IsAutoDelete && binding.Source.Bindings.Count == 0 && IsThere(binding.Source)) last = RemoveLocked(binding.Source);
        }

        return last;
    }
}

/// <summary>A queue that is gone, and the task that completes when that is on disk.</summary>
internal sealed record QueueDeletion(QueueEnd End, Task Durable);
