using System.Diagnostics.CodeAnalysis;
using Quintet.Broker.Amqp;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;
using Quintet.Broker.Topology.Declarations;

namespace Quintet.Broker.Topology;

/// <summary>An exchange as it was declared.</summary>
internal sealed record ExchangeSettings
{
    public required string Vhost { get; init; }

    public required string Name { get; init; }

    public required string Type { get; init; }

    public bool IsDurable { get; init; }

    public bool IsAutoDelete { get; init; }

    public bool IsInternal { get; init; }

    public FieldTable Arguments { get; init; } = FieldTable.Empty;

    /// <summary>The name in the store; set for exchanges that store messages of their own.</summary>
    public QueueId? Id { get; init; }

    /// <summary>As reply texts name it: <c>exchange 'orders' in vhost '/'</c>.</summary>
    public string Described => $"exchange '{Name}' in vhost '{Vhost}'";
}

/// <summary>
/// An exchange. Bindings change under the virtual host's gate; each type keeps what it routes by in a form that publishers read without a lock.
/// </summary>
internal abstract class Exchange(ExchangeSettings settings)
{
    private readonly Dictionary<BindingKey, Binding> _bindings = [];
    private volatile Policed _policed = new(EffectivePolicy.None, settings.Arguments.Text("alternate-exchange"));

    public ExchangeSettings Settings { get; } = settings;

    public string Name => Settings.Name;

    public bool IsDurable => Settings.IsDurable;

    /// <summary>True once something was bound: only then does auto-delete apply.</summary>
    public bool WasBound { get; private set; }

    /// <summary>Bindings of other exchanges to this one; guarded by the virtual host's gate.</summary>
    public int IncomingBindings { get; set; }

    /// <summary>Where messages go that match nothing here; looked up by name each time, since it may be declared later.</summary>
    public Exchange? Alternate => AlternateName is null ? null : FindExchange?.Invoke(AlternateName);

    /// <summary>The argument goes before the policy.</summary>
    public string? AlternateName => _policed.AlternateName;

    public EffectivePolicy Policy => _policed.Policy;

    public Func<string, Exchange?>? FindExchange { get; init; }

    /// <summary>Guarded by the virtual host's gate.</summary>
    public IReadOnlyCollection<Binding> Bindings => _bindings.Values;

    /// <summary>What publishers sent here, and how often a queue took it.</summary>
    public ExchangeStats Stats { get; } = new();

    public Binding? FindBinding(BindingKey key) => _bindings.GetValueOrDefault(key);

    /// <summary>Makes an exchange of the type that the settings name; false for a type unknown here.</summary>
    public static bool TryCreate(
        ExchangeSettings settings, Func<string, Exchange?> find, QueueServices services, [NotNullWhen(true)] out Exchange? exchange)
    {
        exchange = ExchangeTypes.Find(settings.Type)?.Create(settings, find, services);
        return exchange is not null;
    }

    /// <summary>Other policies apply. What the default exchange cannot route goes nowhere, whatever they say.</summary>
    public void Apply(EffectivePolicy policy) => _policed = new Policed(
        policy, Settings.Arguments.Text("alternate-exchange") ?? (Name.Length == 0 ? null : policy.Definition.Text("alternate-exchange")));

    /// <summary>Adds the destinations of a message; true when any binding matched, whether or not its queue was in the result before.</summary>
    public abstract bool Route(in RoutedMessage message, RouteResult result);

    /// <summary>Chooses one destination for a message, so that copies of it (CC, BCC) do not choose again.</summary>
    public virtual bool PicksOne => false;

    /// <summary>The exchange was deleted.</summary>
    public virtual void Removed()
    {
    }

    public bool TryBind(Binding binding)
    {
        WasBound = true;
        if (!_bindings.TryAdd(binding.Key, binding)) return false;
        if (binding.Destination.Exchange is { } target) target.IncomingBindings++;
        Changed(binding, isNew: true);
        return true;
    }

    public bool TryUnbind(BindingKey key, [NotNullWhen(true)] out Binding? removed)
    {
        if (!_bindings.Remove(key, out removed)) return false;
        if (removed.Destination.Exchange is { } target) target.IncomingBindings--;
        Changed(removed, isNew: false);
        return true;
    }

    protected abstract void Changed(Binding binding, bool isNew);

    private sealed record Policed(EffectivePolicy Policy, string? AlternateName);
}
