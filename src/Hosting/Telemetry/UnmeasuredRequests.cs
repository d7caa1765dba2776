using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Quintet.Hosting.Telemetry;

/// <summary>Requests that would say something untrue in figures and traces.</summary>
public static class UnmeasuredRequests
{
    /// <summary>
    /// Gives the request neither a span nor a place in <c>http.server.request.duration</c>: because it waits for something to happen, which is
    /// no slowness (a long poll), or because it brings telemetry and would tell of itself without end.
    /// </summary>
    public static void LeaveOutOfTelemetry(this HttpContext http)
    {
        if (Activity.Current is { } activity)
        {
            activity.IsAllDataRequested = false;
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }

        if (http.Features.Get<IHttpMetricsTagsFeature>() is { } metrics) metrics.MetricsDisabled = true;
    }
}
