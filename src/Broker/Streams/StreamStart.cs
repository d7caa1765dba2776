using System.Globalization;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Streams;

/// <summary>Where a consumer begins (x-stream-offset).</summary>
/// <param name="Offset">The first offset it gets.</param>
/// <param name="NotBefore">It gets nothing stored before that; milliseconds since 1970.</param>
internal readonly record struct StreamStart(long Offset, long NotBefore = long.MinValue)
{
    /// <param name="arguments">Of basic.consume.</param>
    /// <param name="extent">What there is.</param>
    /// <param name="nowMs">For <c>1h</c>.</param>
    /// <param name="described">The queue, for the refusal.</param>
    /// <exception cref="AmqpException">406.</exception>
    public static StreamStart Of(FieldTable arguments, (long First, long Next) extent, long nowMs, string described)
    {
        if (!arguments.TryGet("x-stream-offset", out FieldValue wanted)) return new StreamStart(extent.Next);
        if (wanted.IsInteger && wanted.Number >= 0) return new StreamStart(wanted.Number);
        if (wanted.Kind == FieldKind.Timestamp) return new StreamStart(0, Math.Clamp(wanted.Number, 0, long.MaxValue / 1000) * 1000);
        if (wanted.Text is { } word)
        {
            if (word == "first") return new StreamStart(extent.First);
            if (word == "last") return new StreamStart(Math.Max(extent.First, extent.Next - 1));
            if (word == "next") return new StreamStart(extent.Next);
            if (StreamAge.TryRead(word, out TimeSpan ago)) return new StreamStart(0, nowMs - (long)ago.TotalMilliseconds);
        }

        throw new AmqpException(
            ReplyCode.PreconditionFailed,
            $"invalid arg 'x-stream-offset' for {described}: '{wanted.Shown}' is none of first, last, next, an offset, a timestamp and an interval such as 1h");
    }
}

/// <summary>Intervals as RabbitMQ writes them for streams: a number and one of Y, M, D, h, m and s. A year has 365 days and a month 30.</summary>
internal static class StreamAge
{
    public static bool TryRead(string text, out TimeSpan age)
    {
        age = default;
        if (text.Length < 2 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return false;
        long seconds = text[^1] switch
        {
            'Y' => 365 * 86_400L,
            'M' => 30 * 86_400L,
            'D' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => 0,
        };
        if (seconds == 0) return false;
        // More than there is time: for ever.
        long most = (long)TimeSpan.MaxValue.TotalSeconds / 4;
        age = TimeSpan.FromSeconds(number > most / seconds ? most : number * seconds);
        return true;
    }
}
