using System.ComponentModel.DataAnnotations;

namespace Quintet.Chassis.Idempotency;

/// <summary>Section <c>Idempotency</c> of a service's configuration. Read at start.</summary>
public sealed class IdempotencyOptions
{
    /// <summary>
    /// How long the answer to a request with an <c>Idempotency-Key</c> is kept; after that the key is free and a repetition is a new request. Default
    /// one day, what the payment services that made the header known keep; clients give up retrying long before.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How many octets the body of a kept answer may have. A larger one fails the request with 500 before anything is changed, rather than
    /// leave its repetition unprotected. Default 65,536: the answer to a write is the one thing it made, at most.
    /// </summary>
    [Range(1, 16_777_216)]
    public int AnswerBytesMax { get; set; } = 65_536;
}
