using RabbitMQ.Client;

namespace Quintet.Console.DeadLetters;

/// <summary>What a message keeps when it is moved from one queue to another.</summary>
internal static class Moved
{
    /// <summary>
    /// All, but for the user, which a broker takes from that user only, and the copies it was sent with (CC): they have their own in their queues, and
    /// a broker would send them there once more.
    /// </summary>
    public static BasicProperties PropertiesOf(IReadOnlyBasicProperties sent)
    {
        BasicProperties properties = WithCopies(sent);
        if (sent.Headers?.ContainsKey("CC") == true)
            properties.Headers = sent.Headers.Where(header => header.Key != "CC").ToDictionary(header => header.Key, header => header.Value);
        return properties;
    }

    /// <summary>All but the user.</summary>
    public static BasicProperties WithCopies(IReadOnlyBasicProperties sent)
    {
        BasicProperties properties = new(sent);
        properties.ClearUserId();
        return properties;
    }
}
