using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Quintet.Chassis.Messaging.Broker;

/// <summary>One delivery and its three ends: done, tried again later, dead.</summary>
internal sealed class Delivery(IChannel channel, ConsumerTopology topology, BasicDeliverEventArgs delivered)
{
    private const string AttemptHeader = "x-quintet-attempt";
    private const int ReasonCharactersMax = 500;

    // The client never answers a publish that begins at the moment at which its connection ends.
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Valid until the delivery's handler returns.</summary>
    public ReadOnlyMemory<byte> BorrowedBody => delivered.Body;

    /// <summary>How often it was tried before.</summary>
    public int Attempt { get; } = Number(delivered.BasicProperties.Headers, AttemptHeader);

    public string? TraceParent { get; } = Text(delivered.BasicProperties.Headers, "traceparent");

    public string? TraceState { get; } = Text(delivered.BasicProperties.Headers, "tracestate");

    public async Task DoneAsync(CancellationToken cancellation) => await channel.BasicAckAsync(delivered.DeliveryTag, multiple: false, cancellation);

    /// <summary>Hands the message to the next delayed retry, or to the dead letters after the last.</summary>
    /// <returns>The step, or null when the message is dead.</returns>
    public async Task<RetryStep?> RetryAsync(Exception reason, CancellationToken cancellation)
    {
        if (Attempt >= RetryStep.All.Count)
        {
            await DeadAsync(reason, cancellation);
            return null;
        }

        RetryStep step = RetryStep.All[Attempt];
        BasicProperties properties = Copy(reason);
        properties.Expiration = step.Expiration();
        await MoveAsync(topology.RetryExchange, topology.RetryQueue(step), properties, cancellation);
        return step;
    }

    /// <summary>Hands the message to the dead letters, with the reason.</summary>
    public Task DeadAsync(Exception reason, CancellationToken cancellation) =>
        MoveAsync(topology.DeadExchange, topology.Queue, Copy(reason), cancellation);

    /// <summary>Gives the message back to its queue, where it counts against the delivery limit.</summary>
    public async Task RequeueAsync(CancellationToken cancellation) =>
        await channel.BasicNackAsync(delivered.DeliveryTag, multiple: false, requeue: true, cancellation);

    // The copy is confirmed before the original is acknowledged: a death in between repeats the message and loses none.
    private async Task MoveAsync(string exchange, string key, BasicProperties properties, CancellationToken cancellation)
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        late.CancelAfter(ConfirmTimeout);
        await channel.BasicPublishAsync(exchange, key, mandatory: true, properties, delivered.Body, late.Token);
        await DoneAsync(cancellation);
    }

    private BasicProperties Copy(Exception reason)
    {
        string text = reason.Message.Length > ReasonCharactersMax ? reason.Message[..ReasonCharactersMax] : reason.Message;
        BasicProperties copy = new(delivered.BasicProperties) { Persistent = true, Expiration = null };
        // What brokers note about earlier deaths and deliveries is theirs to write, not ours to repeat.
        copy.Headers = (delivered.BasicProperties.Headers ?? new Dictionary<string, object?>())
            .Where(header => !IsBrokers(header.Key))
            .ToDictionary(header => header.Key, header => header.Value);
        copy.Headers[AttemptHeader] = Attempt + 1;
        copy.Headers["x-quintet-queue"] = topology.Queue;
        copy.Headers["x-quintet-reason"] = reason.GetType().Name;
        copy.Headers["x-quintet-reason-text"] = text;
        return copy;
    }

    private static bool IsBrokers(string header) =>
        header is "x-death" or "x-delivery-count" || header.StartsWith("x-first-death-", StringComparison.Ordinal)
        || header.StartsWith("x-last-death-", StringComparison.Ordinal) || header.StartsWith("x-dotnet-", StringComparison.Ordinal);

    private static string? Text(IDictionary<string, object?>? headers, string name) =>
        headers is not null && headers.TryGetValue(name, out object? value)
            ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
            : null;

    private static int Number(IDictionary<string, object?>? headers, string name) =>
        headers is not null && headers.TryGetValue(name, out object? value) && value is sbyte or byte or short or ushort or int or long
            ? (int)Math.Clamp(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture), 0, RetryStep.All.Count)
            : 0;
}
