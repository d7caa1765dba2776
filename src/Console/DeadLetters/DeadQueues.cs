using Quintet.Client.Broker;

namespace Quintet.Console.DeadLetters;

/// <summary>
/// Finds the queues that dead letters end in, by how queues are set up alone: whether somebody consumes one says nothing, since a service may be
/// scaled to nothing, and a service may take from its own dead letters.
/// </summary>
internal sealed class DeadQueues
{
    private const string Ending = ".dead";
    private const string Delay = ".retry.";

    private readonly ILookup<(string Vhost, string Exchange), BindingInfo> _bindings;
    private readonly HashSet<(string Vhost, string Name)> _ends = [];

    public DeadQueues(IReadOnlyList<QueueInfo> queues, IReadOnlyList<BindingInfo> bindings)
    {
        _bindings = bindings.Where(binding => binding.DestinationType == "queue").ToLookup(binding => (binding.Vhost, binding.Source));
        ILookup<(string Vhost, string Name), QueueInfo> known = queues.ToLookup(queue => (queue.Vhost, queue.Name));
        foreach (QueueInfo queue in queues)
        {
            if (queue.Name.EndsWith(Ending, StringComparison.Ordinal) && Onward(queue) is null) _ends.Add((queue.Vhost, queue.Name));
            if (IsRetry(queue)) continue; // what leaves its delay goes back to be tried again
            foreach (QueueInfo target in TargetsOf(queue).SelectMany(name => known[(queue.Vhost, name)]))
                if (IsEndOf(queue, target)) _ends.Add((target.Vhost, target.Name));
        }
    }

    /// <summary>Whether dead letters stay in this one.</summary>
    public bool IsEnd(QueueInfo queue) => _ends.Contains((queue.Vhost, queue.Name));

    /// <summary>Where the dead letters of a queue may arrive: all that one exchange reaches where its key does not tell.</summary>
    public IReadOnlyList<string> TargetsOf(QueueInfo queue)
    {
        if (Onward(queue) is not var (exchange, key)) return [];
        if (exchange.Length == 0) return key is null ? [] : [key];
        BindingInfo[] all = [.. _bindings[(queue.Vhost, exchange)]];
        BindingInfo[] meant = [.. all.Where(binding => binding.RoutingKey == key)];
        return [.. (meant.Length > 0 ? meant : all).Select(binding => binding.Destination).Distinct()];
    }

    /// <summary>Whether messages only wait there until they are tried again, as the chassis names such queues.</summary>
    public static bool IsRetry(QueueInfo queue) => queue.Name.Contains(Delay, StringComparison.Ordinal);

    /// <summary>One that hands its letters on is a station, unless its setting is that of the queue they came from: that leads to itself again.</summary>
    private static bool IsEndOf(QueueInfo queue, QueueInfo target) =>
        target.Name != queue.Name && (Onward(target) is not { } onward || onward == Onward(queue));

    private static (string Exchange, string? Key)? Onward(QueueInfo queue) =>
        queue.Setting("dead-letter-exchange") is { } exchange ? (exchange, queue.Setting("dead-letter-routing-key")) : null;
}
