using System.Diagnostics;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Telemetry;

/// <summary>
/// The source <c>Quintet.Broker</c>: a short span where a sampled message comes in and one where it goes out, in the trace that its header
/// <c>traceparent</c> names. Without a listener a message costs one comparison.
/// </summary>
internal static class MessageTracing
{
    private const int SampledFlag = 1;

    private static readonly ActivitySource Source = new("Quintet.Broker");

    public static bool IsOn => Source.HasListeners();

    /// <summary>The span of a message coming in; null when it is not traced.</summary>
    public static Activity? StartIncoming(in BasicProperties properties, string exchange, ReadOnlySpan<char> routingKey)
    {
        if (ContextOf(properties) is not { } context) return null;
        Activity? activity = Source.StartActivity($"route {(exchange.Length == 0 ? routingKey.ToString() : exchange)}", ActivityKind.Producer, context);
        return activity?
            .SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.operation.type", "send")
            .SetTag("messaging.destination.name", exchange)
            .SetTag("messaging.rabbitmq.destination.routing_key", routingKey.ToString());
    }

    /// <summary>Notes that a message goes out to a consumer.</summary>
    public static void NoteOutgoing(in Envelope envelope, string queue)
    {
        if (!BasicProperties.TryParse(envelope.Properties, out BasicProperties properties) || ContextOf(properties) is not { } context) return;
        using Activity? activity = Source.StartActivity($"deliver {queue}", ActivityKind.Consumer, context);
        activity?
            .SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.operation.type", "receive")
            .SetTag("messaging.destination.name", queue);
    }

    private static ActivityContext? ContextOf(in BasicProperties properties)
    {
        if (!properties.HasTraceParent || properties.ReadHeaders().Text("traceparent") is not { } parent) return null;
        return ActivityContext.TryParse(parent, null, isRemote: true, out ActivityContext context) && ((int)context.TraceFlags & SampledFlag) != 0
            ? context : null;
    }
}
