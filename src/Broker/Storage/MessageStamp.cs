namespace Quintet.Broker.Storage;

/// <summary>
/// What a queue wants to know of a message at restart without reading it. The log keeps it and gives it back; it means nothing here.
/// Times are milliseconds since 1970; <paramref name="ExpiresAt"/> is 0 when the message itself does not expire.
/// </summary>
internal readonly record struct MessageStamp(long EnqueuedAt, long ExpiresAt, byte Priority);
