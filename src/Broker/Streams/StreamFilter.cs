using System.Text;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Streams;

/// <summary>
/// Which messages a consumer asked for (x-stream-filter). RabbitMQ looks at chunks of messages by a Bloom filter and has the client look again;
/// here every message is looked at, and what does not match is not sent.
/// </summary>
internal sealed class StreamFilter
{
    private readonly byte[][] _values;
    private readonly bool _matchesUnfiltered;

    private StreamFilter(byte[][] values, bool matchesUnfiltered) => (_values, _matchesUnfiltered) = (values, matchesUnfiltered);

    /// <summary>Null when everything is asked for.</summary>
    public static StreamFilter? Of(FieldTable arguments)
    {
        if (!arguments.TryGet("x-stream-filter", out FieldValue filter)) return null;
        IEnumerable<FieldValue> values = filter.Object is List<FieldValue> several ? several : [filter];
        byte[][] texts = [.. values.Select(value => value.Text).OfType<string>().Select(Encoding.UTF8.GetBytes)];
        return texts.Length == 0 ? null : new StreamFilter(texts, arguments.Flag("x-stream-match-unfiltered"));
    }

    public bool Matches(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return _matchesUnfiltered;
        foreach (byte[] wanted in _values)
            if (value.SequenceEqual(wanted)) return true;
        return false;
    }
}
