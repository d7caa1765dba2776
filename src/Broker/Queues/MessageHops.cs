using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Hosting.Telemetry;

namespace Quintet.Broker.Queues;

/// <summary>
/// Notes the ways of messages as hops: queued, delivered, settled. So a console can tell the story of a message whose publisher and consumer note
/// nothing themselves. Of messages without a message-id nothing is noted, since nobody could ask for them.
/// </summary>
/// <param name="hops">Where to; null where nobody listens.</param>
/// <param name="most">Most hops a second. A flood of messages is counted by the metrics, and not told one by one.</param>
/// <param name="time">Whose seconds.</param>
internal sealed class MessageHops(Hops? hops, int most, TimeProvider time)
{
    private long _second;
    private int _noted;

    /// <summary>For a broker whose messages nobody follows.</summary>
    public static MessageHops Off { get; } = new(null, 0, TimeProvider.System);

    /// <summary>Whether anything would be noted now: somebody listens, and there is room in this second.</summary>
    public bool IsOn => most > 0 && hops is { IsOn: true } && (Volatile.Read(ref _noted) < most || Volatile.Read(ref _second) != Second);

    private long Second => time.GetTimestamp() / time.TimestampFrequency;

    /// <summary>A message goes into queues: from an exchange, or as a dead letter from another queue.</summary>
    public void Queued(List<Queue> queues, ReadOnlySpan<byte> octets)
    {
        if (!IsOn || !TryRead(octets, out Envelope envelope, out BasicProperties properties)) return;
        (string from, string outcome) = envelope.HasDeaths && LastDeath(properties) is { } death ? death : (Text(envelope.Exchange), "routed");
        foreach (Queue queue in queues)
        {
            if (!HasRoom()) return;
            hops!.Note(Of(HopStage.Queued, queue.Settings.Kind == QueueKind.Stream ? "kept" : outcome, properties) with
            {
                Place = queue.Name, Source = from, Detail = Text(envelope.RoutingKey),
            });
        }
    }

    /// <summary>A message found no queue.</summary>
    public void Unroutable(ReadOnlySpan<byte> octets)
    {
        if (!IsOn || !TryRead(octets, out Envelope envelope, out BasicProperties properties) || !HasRoom()) return;
        hops!.Note(Of(HopStage.Queued, "unroutable", properties) with { Source = Text(envelope.Exchange), Detail = Text(envelope.RoutingKey) });
    }

    /// <summary>A message goes out to a client.</summary>
    /// <param name="queue">Out of which queue.</param>
    /// <param name="envelope">The message.</param>
    /// <param name="deliveryCount">How often it came back before.</param>
    /// <param name="to">Who gets it, in words.</param>
    /// <param name="noAck">With that it is settled.</param>
    /// <returns>What <see cref="Settled"/> wants; null when nothing was noted.</returns>
    public Hop? Delivered(Queue queue, in Envelope envelope, int deliveryCount, string to, bool noAck)
    {
        if (!IsOn || !BasicProperties.TryParse(envelope.Properties, out BasicProperties properties) || properties.MessageId.IsEmpty || !HasRoom()) return null;
        Hop delivered = Of(HopStage.Delivered, noAck ? "gone" : "delivered", properties) with
        {
            Place = queue.Name, Detail = to, Attempt = deliveryCount + 1,
        };
        hops!.Note(delivered);
        return noAck ? null : delivered;
    }

    /// <summary>A client has decided about a message, or left without deciding.</summary>
    public void Settled(Hop delivered, Resolution resolution) => hops?.Note(delivered with
    {
        Stage = HopStage.Settled,
        Outcome = resolution switch { Resolution.Ack => "acknowledged", Resolution.Reject => "rejected", _ => "requeued" },
    });

    private static bool TryRead(ReadOnlySpan<byte> octets, out Envelope envelope, out BasicProperties properties)
    {
        envelope = new Envelope(octets);
        return BasicProperties.TryParse(envelope.Properties, out properties) && !properties.MessageId.IsEmpty;
    }

    private static Hop Of(string stage, string outcome, in BasicProperties properties) => new(stage, outcome)
    {
        EventId = Text(properties.MessageId),
        TraceParent = properties.HasTraceParent ? properties.ReadHeaders().Text("traceparent") : null,
    };

    private static (string Queue, string Reason)? LastDeath(in BasicProperties properties)
    {
        FieldTable headers = properties.ReadHeaders();
        return headers.Text("x-last-death-queue") is { } queue && headers.Text("x-last-death-reason") is { } reason ? (queue, reason) : null;
    }

    private static string Text(ReadOnlySpan<byte> octets) => Encoding.UTF8.GetString(octets);

    // Two threads at the turn of a second may grant a few more than there are.
    private bool HasRoom()
    {
        long second = Second;
        if (Interlocked.Exchange(ref _second, second) != second) Volatile.Write(ref _noted, 0);
        return Interlocked.Increment(ref _noted) <= most;
    }
}
