using RabbitMQ.Client;

namespace Quintet.Chassis.Messaging.Broker;

/// <summary>
/// The exchanges and queues of one consumer, the same on every engine (ARCHITECTURE.md, Messages; docs/chassis.md has the picture):
/// <code>
/// events (topic)      --type-->           Q                 --dead-lettered by the broker--> S.dead
/// S.retry (direct)    --Q.retry.step-->   Q.retry.step      --expired--> S.requeue
/// S.requeue (direct)  --Q-->              Q
/// S.dead (direct)     --Q-->              Q.dead
/// </code>
/// where S is the service and Q is <c>S.type</c>. The default exchange is not used: a service's broker user may write only to <c>events</c>
/// and to names that begin with its own.
/// </summary>
internal sealed class ConsumerTopology(string service, string eventType)
{
    public string Queue { get; } = $"{service}.{eventType}";

    public string DeadExchange { get; } = $"{service}.dead";

    public string RetryExchange { get; } = $"{service}.retry";

    private string RequeueExchange { get; } = $"{service}.requeue";

    private string DeadQueue => $"{Queue}.dead";

    public string RetryQueue(RetryStep step) => $"{Queue}.retry.{step.Name}";

    public async Task DeclareAsync(IChannel channel, CancellationToken cancellation)
    {
        await channel.ExchangeDeclareAsync(OutboxPublisher.Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancellation);
        foreach (string exchange in (string[])[DeadExchange, RetryExchange, RequeueExchange])
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Direct, durable: true, autoDelete: false, cancellationToken: cancellation);

        // Where messages go to comes first, so that no message can be dead-lettered into nothing.
        await QueueAsync(channel, DeadQueue, LookedAt(), cancellation);
        await channel.QueueBindAsync(DeadQueue, DeadExchange, Queue, cancellationToken: cancellation);
        await QueueAsync(channel, Queue, DeadLettered(DeadExchange), cancellation);
        await channel.QueueBindAsync(Queue, RequeueExchange, Queue, cancellationToken: cancellation);
        foreach (RetryStep step in RetryStep.All)
        {
            await QueueAsync(channel, RetryQueue(step), DeadLettered(RequeueExchange), cancellation);
            await channel.QueueBindAsync(RetryQueue(step), RetryExchange, RetryQueue(step), cancellationToken: cancellation);
        }

        await channel.QueueBindAsync(Queue, OutboxPublisher.Exchange, eventType, cancellationToken: cancellation);
    }

    private static Task QueueAsync(IChannel channel, string name, Dictionary<string, object?> arguments, CancellationToken cancellation) =>
        channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellation);

    private static Dictionary<string, object?> Kept() => new()
    {
        ["x-queue-type"] = "quorum",
        ["x-overflow"] = "reject-publish",
    };

    // Looking at a message and putting it back counts as a delivery; RabbitMQ 4 drops it from a quorum queue after twenty of them. The largest number is
    // taken because versions before 4 refuse -1, its word for "never".
    private static Dictionary<string, object?> LookedAt() => new(Kept()) { ["x-delivery-limit"] = int.MaxValue };

    // At-least-once dead-lettering needs reject-publish (RabbitMQ, Quorum Queues, "Activating at-least-once dead-lettering").
    private Dictionary<string, object?> DeadLettered(string exchange) => new(Kept())
    {
        ["x-dead-letter-exchange"] = exchange,
        ["x-dead-letter-routing-key"] = Queue,
        ["x-dead-letter-strategy"] = "at-least-once",
    };
}
