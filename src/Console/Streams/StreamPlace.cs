using System.Globalization;
using RabbitMQ.Client;

namespace Quintet.Console.Streams;

/// <summary>A place in a stream from which it is read, as <c>x-stream-offset</c> says it.</summary>
/// <param name="Offset">first, last, a number, or a time.</param>
internal sealed record StreamPlace(object Offset)
{
    public static StreamPlace First { get; } = new("first");

    public static StreamPlace At(long offset) => new(offset);

    /// <param name="kind">first, last, offset or time.</param>
    /// <param name="text">The offset, or the time in UTC.</param>
    /// <exception cref="ArgumentException">The text is none.</exception>
    public static StreamPlace Of(string kind, string text) => kind switch
    {
        "offset" => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long offset)
            ? At(offset)
            : throw new ArgumentException($"'{text}' is no offset: a number from 0 on."),
        "time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? new(new AmqpTimestamp(time.ToUnixTimeSeconds()))
            : throw new ArgumentException($"'{text}' is no time: write it in UTC, as 2026-11-29 03:00."),
        _ => new(kind),
    };
}
