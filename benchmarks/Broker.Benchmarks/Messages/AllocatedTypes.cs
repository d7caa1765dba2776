using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace Quintet.Broker.Benchmarks.Messages;

/// <summary>Samples what this process allocates: the runtime tells the type that was allocated whenever another 100 KB are.</summary>
internal sealed class AllocatedTypes : EventListener
{
    private const EventKeywords Collections = (EventKeywords)1;
    private const string AllocationTick = "GCAllocationTick_V4";
    private const int Shown = 12;

    private readonly ConcurrentDictionary<string, int> _samples = [];

    /// <summary>Forgets what was needed to warm up.</summary>
    public void Clear() => _samples.Clear();

    public override string ToString() =>
        string.Join('\n', _samples.OrderByDescending(type => type.Value).Take(Shown)
            .Select(type => string.Create(CultureInfo.InvariantCulture, $"  {type.Value,6} samples: {type.Key}")));

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(eventSource, EventLevel.Verbose, Collections);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName is not AllocationTick || eventData.PayloadNames?.IndexOf("TypeName") is not (>= 0 and int index)) return;
        object? size = eventData.PayloadNames.IndexOf("ObjectSize") is >= 0 and int at ? eventData.Payload![at] : null;
        _samples.AddOrUpdate($"{eventData.Payload![index]} of {size} octets", 1, static (_, count) => count + 1);
    }
}
