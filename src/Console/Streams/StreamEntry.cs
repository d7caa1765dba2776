using System.Globalization;
using System.Text;
using RabbitMQ.Client;

namespace Quintet.Console.Streams;

/// <summary>A message of a stream.</summary>
/// <param name="Offset">Its place in it.</param>
/// <param name="Exchange">Where it was published.</param>
/// <param name="RoutingKey">Its routing key.</param>
/// <param name="Properties">As its publisher set them.</param>
/// <param name="Body">What it says.</param>
internal sealed record StreamEntry(long Offset, string Exchange, string RoutingKey, IReadOnlyBasicProperties Properties, ReadOnlyMemory<byte> Body)
{
    public const string OffsetHeader = "x-stream-offset";

    /// <summary>When it was published, as its publisher said; null when it did not.</summary>
    public DateTimeOffset? Time => Properties.IsTimestampPresent() && Properties.Timestamp.UnixTime is >= 0 and < 253_402_300_800 and var seconds
        ? DateTimeOffset.FromUnixTimeSeconds(seconds)
        : null;

    /// <summary>Its headers for people.</summary>
    public IEnumerable<(string Name, string Value)> Headers => (Properties.Headers ?? new Dictionary<string, object?>())
        .Select(header => (header.Key, header.Value switch
        {
            byte[] octets => Encoding.UTF8.GetString(octets),
            var other => Convert.ToString(other, CultureInfo.InvariantCulture) ?? "",
        }));

    public string Text => Encoding.UTF8.GetString(Body.Span);
}
