using System.Globalization;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology.Routing;

namespace Quintet.Broker.Topology.Deduplication;

/// <summary>
/// x-message-deduplication: a fanout that drops a message whose header x-deduplication-header it has seen before. The interface is that of the
/// community's plugin for RabbitMQ. Keys are remembered in memory: a restart forgets them.
/// </summary>
internal sealed class DeduplicationExchange(ExchangeSettings settings, QueueServices services) : Exchange(settings)
{
    public const string TypeName = "x-message-deduplication";

    private const string SizeArgument = "x-cache-size";
    private const string TtlArgument = "x-cache-ttl";

    // A header that asks for more is asking for ever.
    private const long TtlMsMax = 315_360_000_000;

    private readonly DestinationSet _destinations = new();

    public DeduplicationCache Cache { get; } = new(
        (int)Math.Min(Whole(settings.Arguments, SizeArgument) ?? 1, services.Room.Limits.DeduplicationKeys),
        Whole(settings.Arguments, TtlArgument),
        services.Time);

    /// <summary>All destinations at once; the keys of copies would come as duplicates of the message itself.</summary>
    public override bool PicksOne => true;

    /// <summary>Refuses what the plugin refuses, in its words, and a cache that is larger than may be or could not be kept.</summary>
    /// <exception cref="AmqpException">406.</exception>
    public static void Check(ExchangeSettings declared, int keysMax)
    {
        FieldTable arguments = declared.Arguments;
        if (Whole(arguments, SizeArgument) is not { } size) throw Refused($"Missing or invalid argument, '{SizeArgument}' must be an integer greater than 0");
        if (arguments.TryGet(TtlArgument, out _) && Whole(arguments, TtlArgument) is null)
            throw Refused($"Invalid argument, '{TtlArgument}' must be an integer greater than 0");
        string? persistence = arguments.TryGet("x-cache-persistence", out FieldValue given) ? given.Text ?? "" : null;
        if (persistence is not (null or "memory" or "disk")) throw Refused("Invalid argument, 'x-cache-persistence' must be either 'disk' or 'memory'");
        if (persistence == "disk")
            throw Refused("Invalid argument, 'x-cache-persistence' cannot be 'disk': keys are remembered in memory only, and a restart forgets them");
        if (size > keysMax) throw Refused($"Invalid argument, '{SizeArgument}' of {size} is larger than configured max {keysMax}");
    }

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        Destination[] destinations = _destinations.All;
        if (destinations.Length == 0) return false;
        if (DeduplicationKey.TryRead(message.Headers, out DeduplicationKey key) && !result.TryClaim(Cache, key, TtlOf(message.Headers))) return true;
        foreach (Destination destination in destinations) result.Add(destination);
        return true;
    }

    protected override void Changed(Binding binding, bool isNew)
    {
        if (isNew) _destinations.Add(binding.Destination);
        else _destinations.Remove(binding.Destination);
    }

    private static long? TtlOf(ReadOnlySpan<byte> headers)
    {
        ReadOnlySpan<byte> raw = FieldTableReader.RawValue(headers, "x-cache-ttl"u8);
        return !raw.IsEmpty && FieldTableReader.TryReadValue(raw, out FieldValue value) ? Whole(value) : null;
    }

    private static long? Whole(FieldTable arguments, string name) => arguments.TryGet(name, out FieldValue value) ? Whole(value) : null;

    // As the plugin, digits in a string count as well.
    private static long? Whole(FieldValue value)
    {
        long number = value.IsInteger ? value.Number
            : value.Text is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long parsed) ? parsed : 0;
        return number > 0 ? Math.Min(number, TtlMsMax) : null;
    }

    private static AmqpException Refused(string reason) => new(ReplyCode.PreconditionFailed, reason);
}
