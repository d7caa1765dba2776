using System.ComponentModel.DataAnnotations;

namespace Quintet.Broker.Alarms;

/// <summary>Section <c>Broker:Memory</c>: when publishers are blocked for want of memory.</summary>
internal sealed class MemoryOptions
{
    /// <summary>The share of the memory of the machine, or of the control group if that has less, above which publishers are blocked. Default 0.6,
    /// RabbitMQ 4's <c>vm_memory_high_watermark.relative</c>. 0 blocks them at once, as there.</summary>
    [Range(0.0, 1.0)]
    public double Watermark { get; set; } = 0.6;

    /// <summary>The same in octets, and then <see cref="Watermark"/> does not count. Default none. RabbitMQ's
    /// <c>vm_memory_high_watermark.absolute</c>.</summary>
    [Range(0, long.MaxValue)]
    public long? WatermarkBytes { get; set; }

    /// <summary>The share of the watermark that memory must fall below before publishers go on. Default 0.95, so that an alarm does not come and go
    /// with each message; RabbitMQ has 1.</summary>
    [Range(0.1, 1.0)]
    public double ReleaseShare { get; set; } = 0.95;

    /// <summary>How often the memory is looked at. Default 1 s: a look costs some microseconds, and a fast publisher fills a gigabyte in seconds.
    /// RabbitMQ looks every 2.5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromSeconds(1);
}
