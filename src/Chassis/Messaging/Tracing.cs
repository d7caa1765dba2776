using System.Diagnostics;
using System.Diagnostics.Metrics;
using Quintet.Chassis.Telemetry;

namespace Quintet.Chassis.Messaging;

/// <summary>The spans and measurements of messages.</summary>
internal static class Tracing
{
    public static readonly ActivitySource Source = new(ChassisMeter.Name);
    public static readonly Meter Meter = ChassisMeter.Meter;
    public static readonly Counter<long> Published = Meter.CreateCounter<long>("quintet.outbox.published", "{event}", "Outbox rows by what became of them.");
    public static readonly Counter<long> Consumed = Meter.CreateCounter<long>("quintet.inbox.consumed", "{event}", "Deliveries by what became of them.");
    public static readonly Counter<long> SagasEnded = Meter.CreateCounter<long>("quintet.saga.ended", "{run}", "Ended runs of sagas by what became of them.");

    /// <summary>
    /// Goes on with a stored trace. Without a listener for our spans a bare activity still carries the trace to what is called below,
    /// so that one trace spans everything whoever exports it.
    /// </summary>
    public static Activity? Continue(string name, ActivityKind kind, string? traceParent, string? traceState)
    {
        if (!ActivityContext.TryParse(traceParent, traceState, isRemote: true, out ActivityContext parent)) return Source.StartActivity(name, kind);
        if (Source.StartActivity(name, kind, parent) is { } recorded) return recorded;

        Activity bare = new(name);
        bare.SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags);
        bare.TraceStateString = traceState;
        return bare.Start();
    }
}
