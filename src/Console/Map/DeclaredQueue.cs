using Quintet.Client.Broker;
using Quintet.Console.Parts;

namespace Quintet.Console.Map;

/// <summary>A queue that belongs on the map: somebody is to take from it. Dead letters and delayed retries stand with the queue they came from.</summary>
/// <param name="Info">As the broker tells it.</param>
/// <param name="Bindings">How it is fed.</param>
/// <param name="DeadQueue">Where its dead letters go.</param>
/// <param name="DeadLetters">How many are there.</param>
internal sealed record DeclaredQueue(QueueInfo Info, IReadOnlyList<BindingInfo> Bindings, string? DeadQueue, long DeadLetters)
{
    public string Name => Info.Name;

    /// <summary>Those of a broker, without what is no one's and what clients have for the moment.</summary>
    public static IReadOnlyList<DeclaredQueue> Of(QueuePicture? picture, IReadOnlyCollection<DeclaredService> services) => picture is null ? [] :
    [
        .. picture.Queues.Where(queue => !IsStation(queue) && !IsEnd(queue, picture) && !queue.Name.StartsWith("amq.", StringComparison.Ordinal))
            .Where(queue => queue.Consumers > 0 || services.Any(service => service.Owns(queue.Name)))
            .DistinctBy(queue => queue.Name) // one of each name, whatever the virtual host: spans tell none
            .Select(queue => Of(queue, picture)),
    ];

    /// <summary>Whether an event reaches it.</summary>
    public bool Takes(string exchange, string type) =>
        Bindings.Any(binding => binding.Source == exchange && TopicPattern.Matches(binding.RoutingKey, type));

    public bool IsFedBy(string exchange) => Bindings.Any(binding => binding.Source == exchange);

    private static DeclaredQueue Of(QueueInfo queue, QueuePicture picture)
    {
        string? dead = DeadQueueOf(queue, picture);
        return new DeclaredQueue(
            queue, [.. picture.Bindings.Where(binding => binding.Destination == queue.Name && binding.DestinationType == "queue")], dead,
            picture.Queues.FirstOrDefault(other => other.Name == dead)?.Messages ?? 0);
    }

    private static string? DeadQueueOf(QueueInfo queue, QueuePicture picture)
    {
        if (queue.Setting("dead-letter-exchange") is not { } exchange) return null;
        string? key = queue.Setting("dead-letter-routing-key");
        if (exchange.Length == 0) return key;
        // Without a key each message keeps the one it came with; then it is known only where all ways lead to one queue.
        string[] ends = [.. picture.Bindings.Where(binding => binding.Source == exchange && (key is null || binding.RoutingKey == key))
            .Select(binding => binding.Destination).Distinct()];
        return ends is [{ } only] ? only : null;
    }

    /// <summary>Without a consumer a queue that retries come back to looks like one that dead letters end in; events come to none of those.</summary>
    private static bool IsEnd(QueueInfo queue, QueuePicture picture) => picture.IsDead(queue)
        && !picture.Bindings.Any(binding => binding.Source == Declarations.Events && binding.Destination == queue.Name);

    /// <summary>Messages pass their delay there; nobody takes from it.</summary>
    private static bool IsStation(QueueInfo queue) => queue.Consumers == 0 && queue.Name.Contains(".retry.", StringComparison.Ordinal);
}
