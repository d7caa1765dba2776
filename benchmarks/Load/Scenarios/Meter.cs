using System.Diagnostics;
using Quintet.Load.Brokers;
using Quintet.TestKit.Traffic;

namespace Quintet.Load.Scenarios;

/// <summary>Processor time of both sides and the clock, from its making until it is read.</summary>
internal sealed class Meter(BrokerUnderTest broker)
{
    private readonly double _broker = broker.ProcessorMicroseconds;
    private readonly double _client = Environment.CpuUsage.TotalTime.TotalMicroseconds;
    private readonly long _start = Stopwatch.GetTimestamp();

    public Sample Read(long messages, Latencies? latencies = null)
    {
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        double client = Environment.CpuUsage.TotalTime.TotalMicroseconds - _client;
        return new Sample
        {
            BrokerMicros = (broker.ProcessorMicroseconds - _broker) / messages,
            ClientMicros = client / messages,
            PerSecond = messages / seconds,
            P50 = latencies?.Percentile(0.50) ?? double.NaN,
            P99 = latencies?.Percentile(0.99) ?? double.NaN,
            P999 = latencies?.Percentile(0.999) ?? double.NaN,
            ResidentMib = broker.ResidentMib,
        };
    }
}
