namespace Quintet.Broker.Amqp;

/// <summary>
/// A peer's mistake. <c>Connection</c> turns it into channel.close or connection.close, whichever <see cref="ReplyCode"/> asks for.
/// </summary>
/// <param name="code">The reply code; it decides what is closed.</param>
/// <param name="text">The reply text without the code's name, in RabbitMQ's words where it has some, since frameworks match them.</param>
/// <param name="method">The method that failed (<see cref="MethodId"/>), or 0 to take the one being handled.</param>
internal sealed class AmqpException(ReplyCode code, string text, uint method = AmqpException.TheMethodAtHand)
    : Exception($"{code.Name()} - {text}")
{
    /// <summary>Stands for the method that was being handled when the exception was thrown.</summary>
    public const uint TheMethodAtHand = uint.MaxValue;

    public ReplyCode Code { get; } = code;

    /// <summary>The bare text, as it follows the code's name.</summary>
    public string Text { get; } = text;

    public uint Method { get; } = method;

    /// <summary>Reply texts travel as a short string: at most 255 octets of UTF-8.</summary>
    public string ReplyText => Code == ReplyCode.InternalError && Text.Length == 0 ? Code.Name() : Message;
}
