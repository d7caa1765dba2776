namespace Quintet.Notifications.History;

/// <summary>A notification that was handed over to the mail.</summary>
internal sealed class SentNotification
{
    public const int TypeMax = 50;
    public const int MessageIdMax = 100;

    public long Id { get; init; }

    public required long UserId { get; init; }

    /// <summary>What it was about: <c>user_created</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The event's id, or one of the request's own when a client asked for it; the mail's file and Message-ID bear it.</summary>
    public required string MessageId { get; init; }

    public required DateTimeOffset SentAt { get; init; }
}
