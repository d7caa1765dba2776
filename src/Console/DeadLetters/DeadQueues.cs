using Quintet.Client.Broker;

namespace Quintet.Console.DeadLetters;

/// <summary>Finds the queues that dead letters end in.</summary>
internal static class DeadQueues
{
    /// <summary>Where the dead letters of some queue arrive: named by its routing key, or bound to its dead-letter exchange.</summary>
    public static HashSet<string> Of(IReadOnlyList<QueueInfo> queues, IReadOnlyList<BindingInfo> bindings)
    {
        HashSet<string> dead = new(StringComparer.Ordinal);
        foreach (QueueInfo queue in queues)
        {
            if (queue.Setting("dead-letter-exchange") is not { } exchange) continue;
            if (exchange.Length == 0) dead.Add(queue.Setting("dead-letter-routing-key") ?? queue.Name);
            foreach (BindingInfo binding in bindings)
                if (exchange.Length > 0 && binding.Source == exchange && binding.DestinationType == "queue") dead.Add(binding.Destination);
        }

        return dead;
    }

    /// <summary>Whether they stay in this one. A queue that hands its own dead letters on, and has a consumer, is a station on the way.</summary>
    public static bool IsEnd(QueueInfo queue, IReadOnlySet<string> dead) =>
        dead.Contains(queue.Name) && (queue.Setting("dead-letter-exchange") is null || queue.Consumers == 0);
}
