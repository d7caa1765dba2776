using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Topology.Delays;

/// <summary>
/// x-delayed-message: holds a message for as long as its header x-delay says, then routes it by the type that x-delayed-type names, through the
/// bindings there are by then. A message without the header is routed at once.
/// </summary>
internal sealed class DelayedExchange : Exchange
{
    public const string TypeName = "x-delayed-message";
    public const string TypeArgument = "x-delayed-type";

    private readonly Exchange _inner;

    public DelayedExchange(ExchangeSettings settings, Exchange inner, QueueServices services)
        : base(settings)
    {
        _inner = inner;
        Held = new HeldMessages(this, services);
    }

    /// <summary>What waits here.</summary>
    public HeldMessages Held { get; }

    public override bool PicksOne => _inner.PicksOne;

    /// <summary>Refuses what the plugin refuses, in its words.</summary>
    public static void Check(ExchangeSettings declared)
    {
        string? type = declared.Arguments.Text(TypeArgument);
        if (type == TypeName)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"Invalid argument, '{TypeName}' can't be used for '{TypeArgument}'");
        if (type is null)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"Invalid argument, '{TypeArgument}' must be an existing exchange type");
    }

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        if (!DelayHeader.TryRead(message.Headers, out long delayMs)) return _inner.Route(message, result);
        result.Hold(this, delayMs);
        return true;
    }

    public override void Removed() => Held.Delete();

    protected override void Changed(Binding binding, bool isNew)
    {
        if (isNew) _inner.TryBind(binding);
        else _inner.TryUnbind(binding.Key, out _);
    }
}
