using Quintet.Broker.Amqp;

namespace Quintet.Broker.Topology.Declarations;

/// <summary>Declaring something again is fine when it is the same; otherwise 406 with the words that frameworks match.</summary>
internal static class ArgumentEquivalence
{
    public static void Flag(string name, string described, bool received, bool current)
    {
        if (received != current) throw Inequivalent(name, described, $"received '{Show(received)}' but current is '{Show(current)}'");
    }

    public static void Text(string name, string described, string received, string current)
    {
        if (received != current) throw Inequivalent(name, described, $"received '{received}' but current is '{current}'");
    }

    public static void Argument(string name, string described, FieldTable received, FieldTable current)
    {
        bool isReceived = received.TryGet(name, out FieldValue mine);
        bool isCurrent = current.TryGet(name, out FieldValue theirs);
        if (isReceived && isCurrent && !mine.IsEquivalentTo(theirs))
            throw Inequivalent(name, described, $"received '{mine.Shown}' but current is '{theirs.Shown}'");
        if (isReceived && !isCurrent)
            throw Inequivalent(name, described, $"received the value '{mine.Shown}' of type '{mine.KindName}' but current is none");
        if (!isReceived && isCurrent)
            throw Inequivalent(name, described, $"received none but current is the value '{theirs.Shown}' of type '{theirs.KindName}'");
    }

    private static string Show(bool value) => value ? "true" : "false";

    private static AmqpException Inequivalent(string name, string described, string difference) =>
        new(ReplyCode.PreconditionFailed, $"inequivalent arg '{name}' for {described}: {difference}");
}
