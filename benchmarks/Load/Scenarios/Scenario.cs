namespace Quintet.Load.Scenarios;

/// <summary>Something that is measured of every broker in every round.</summary>
/// <param name="Name">As <c>--only</c> takes it.</param>
/// <param name="Title">As the table's heading says it.</param>
/// <param name="Target">What issue and design ask of ours; empty for nothing.</param>
/// <param name="MeasureAsync">Measures it, and leaves the broker as it was.</param>
internal sealed record Scenario(string Name, string Title, string Target, Func<Session, Task<Sample>> MeasureAsync)
{
    private const string SixMicros = "≤ 6 µs, ≥ 120,000/s, with fdatasync before every confirm";

    /// <summary>All, in the order of the table.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("publish-classic-1", "publish + confirm, classic queue, 1 connection", SixMicros, s => Publishing.MeasureAsync(s, "classic", 1)),
        new("publish-classic-4", "publish + confirm, classic queue, 4 connections", SixMicros, s => Publishing.MeasureAsync(s, "classic", 4)),
        new("publish-quorum-1", "publish + confirm, quorum queue, 1 connection", SixMicros, s => Publishing.MeasureAsync(s, "quorum", 1)),
        new("publish-quorum-4", "publish + confirm, quorum queue, 4 connections", SixMicros, s => Publishing.MeasureAsync(s, "quorum", 4)),
        new("consume-classic", "publish + confirm + consume, classic queue, an ack for each message", "≤ 12 µs", s => Consuming.AlongAsync(s, "classic")),
        new("consume-quorum", "publish + confirm + consume, quorum queue, an ack for each message", "≤ 12 µs", s => Consuming.AlongAsync(s, "quorum")),
        new("drain-classic", "drain, classic queue, prefetch 1,000, one ack for 100", "≤ 3 µs", s => Consuming.DrainAsync(s, "classic")),
        new("drain-quorum", "drain, quorum queue, prefetch 1,000, one ack for 100", "≤ 3 µs", s => Consuming.DrainAsync(s, "quorum")),
        new("publish-stream", "publish + confirm, stream, 1 connection", "", s => Publishing.MeasureAsync(s, "stream", 1)),
        new("read-stream", "read a stream from its first message, prefetch 1,000, one ack for 100", "", s => Consuming.DrainAsync(s, "stream")),
        new("latency-classic", "1,000 messages/s, classic queue, from publish to deliver", "p50 < 1 ms, p99 below both quorum figures of RabbitMQ",
            s => Pacing.DeliveryAsync(s, "classic")),
        new("latency-quorum", "1,000 messages/s, quorum queue, from publish to deliver", "p50 < 1 ms, p99 below both quorum figures of RabbitMQ",
            s => Pacing.DeliveryAsync(s, "quorum")),
        new("lone-classic", "one message at a time, classic queue, from publish to confirm", "", s => Pacing.LoneConfirmsAsync(s, "classic")),
        new("lone-quorum", "one message at a time, quorum queue, from publish to confirm", "", s => Pacing.LoneConfirmsAsync(s, "quorum")),
        new("fanout", "fanout to 10 classic queues with a consumer each, acks of 100; a message is one publish and ten deliveries", "", Spreading.FanoutAsync),
        new("queues", "publish + confirm over 1,000 classic queues in turn", "", Spreading.QueuesAsync),
    ];
}
