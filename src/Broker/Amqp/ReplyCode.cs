namespace Quintet.Broker.Amqp;

/// <summary>
/// AMQP 0-9-1 §1.2 reply codes, with RabbitMQ's names for them in texts. The specification leaves some of them to either kind of closing;
/// the ones here close as RabbitMQ 4.0 closes: 403, 404, 405, 406 and 311 to 313 the channel, all others the connection.
/// </summary>
internal enum ReplyCode : ushort
{
    Success = 200,
    ContentTooLarge = 311,
    NoRoute = 312,
    NoConsumers = 313,
    ConnectionForced = 320,
    InvalidPath = 402,
    AccessRefused = 403,
    NotFound = 404,
    ResourceLocked = 405,
    PreconditionFailed = 406,
    FrameError = 501,
    SyntaxError = 502,
    CommandInvalid = 503,
    ChannelError = 504,
    UnexpectedFrame = 505,
    ResourceError = 506,
    NotAllowed = 530,
    NotImplemented = 540,
    InternalError = 541,
}

internal static class ReplyCodes
{
    /// <summary>True when the error closes its channel and leaves the connection alone.</summary>
    public static bool ClosesChannelOnly(this ReplyCode code) => code is
        ReplyCode.ContentTooLarge or ReplyCode.NoRoute or ReplyCode.NoConsumers or
        ReplyCode.AccessRefused or ReplyCode.NotFound or ReplyCode.ResourceLocked or ReplyCode.PreconditionFailed;

    /// <summary>The name as it begins a reply text: <c>NOT_FOUND</c>.</summary>
    public static string Name(this ReplyCode code) => code switch
    {
        ReplyCode.Success => "SUCCESS",
        ReplyCode.ContentTooLarge => "CONTENT_TOO_LARGE",
        ReplyCode.NoRoute => "NO_ROUTE",
        ReplyCode.NoConsumers => "NO_CONSUMERS",
        ReplyCode.ConnectionForced => "CONNECTION_FORCED",
        ReplyCode.InvalidPath => "INVALID_PATH",
        ReplyCode.AccessRefused => "ACCESS_REFUSED",
        ReplyCode.NotFound => "NOT_FOUND",
        ReplyCode.ResourceLocked => "RESOURCE_LOCKED",
        ReplyCode.PreconditionFailed => "PRECONDITION_FAILED",
        ReplyCode.FrameError => "FRAME_ERROR",
        ReplyCode.SyntaxError => "SYNTAX_ERROR",
        ReplyCode.CommandInvalid => "COMMAND_INVALID",
        ReplyCode.ChannelError => "CHANNEL_ERROR",
        ReplyCode.UnexpectedFrame => "UNEXPECTED_FRAME",
        ReplyCode.ResourceError => "RESOURCE_ERROR",
        ReplyCode.NotAllowed => "NOT_ALLOWED",
        ReplyCode.NotImplemented => "NOT_IMPLEMENTED",
        _ => "INTERNAL_ERROR",
    };
}
