using System.Diagnostics;
using System.Diagnostics.Metrics;
using Quintet.Gateway.Routes;

namespace Quintet.Gateway.Telemetry;

/// <summary>The gateway's spans: one a try, named <c>forward &lt;service&gt;</c>.</summary>
internal static class GatewayTelemetry
{
    public const string Name = "Quintet.Gateway";

    public static readonly ActivitySource Source = new(Name);

    /// <summary>
    /// Makes spans exist when nobody exports them, so that each request has a trace id and hands on a <c>traceparent</c>. A trace that begins
    /// here is marked as sampled: whether a service records it is the service's matter. Not to be used beside an exporter, whose sampler decides.
    /// </summary>
    public static ActivityListener KeepTraces()
    {
        ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name is Name or "Microsoft.AspNetCore",
            Sample = static (ref ActivityCreationOptions<ActivityContext> span) =>
                span.Parent == default || span.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.PropagationData,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}

/// <summary>The gateway's numbers. Services are as many as the table has; nothing a client sends becomes a label.</summary>
internal sealed class GatewayMeter
{
    private readonly Counter<long> _retries;
    private readonly Counter<long> _ejections;
    private readonly Counter<long> _accessLogDropped;
    private readonly Histogram<double> _duration;

    public GatewayMeter(IMeterFactory meters, CurrentTable table)
    {
        Meter meter = meters.Create(GatewayTelemetry.Name);
        _duration = meter.CreateHistogram<double>("quintet.gateway.request.duration", "s", "Requests by service and status, with their whole duration");
        _retries = meter.CreateCounter<long>("quintet.gateway.retries", "{retry}", "Requests sent to a further instance");
        _ejections = meter.CreateCounter<long>("quintet.gateway.ejections", "{ejection}", "Instances left alone after a refused connection");
        _accessLogDropped = meter.CreateCounter<long>("quintet.gateway.access_log.dropped", "{line}", "Lines of the access log lost to a slow disk");
        meter.CreateObservableGauge("quintet.gateway.table.generation", () => table.Generation, "{table}", "Route tables used since the start");
    }

    public void Answered(string service, int status, TimeSpan duration) =>
        _duration.Record(duration.TotalSeconds, new("quintet.service", service), new("http.response.status_code", status));

    public void Retried(string service, string reason) => _retries.Add(1, new("quintet.service", service), new("error.type", reason));

    public void Ejected(string service, string instance) => _ejections.Add(1, new("quintet.service", service), new("quintet.instance", instance));

    public void LineDropped() => _accessLogDropped.Add(1);
}
