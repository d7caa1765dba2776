using System.Diagnostics.Metrics;

namespace Quintet.Chassis.Telemetry;

/// <summary>The chassis' measurements of requests and calls; those of messages stand with them.</summary>
internal static class ChassisMeter
{
    public const string Name = "Quintet.Chassis";

    public static readonly Meter Meter = new(Name);

    /// <summary>By <c>reason</c>: <c>load</c> or <c>deadline</c>.</summary>
    public static readonly Counter<long> Shed = Meter.CreateCounter<long>("quintet.requests.shed", "{request}", "Requests refused without running.");

    /// <summary>By <c>service</c>.</summary>
    public static readonly Counter<long> Retries = Meter.CreateCounter<long>("quintet.calls.retries", "{call}", "Calls repeated after a failure.");

    /// <summary>By <c>service</c>.</summary>
    public static readonly Counter<long> Crowded = Meter.CreateCounter<long>("quintet.calls.crowded", "{call}", "Calls not made: too many were in hand.");
}
