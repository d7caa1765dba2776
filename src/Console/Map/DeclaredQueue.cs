using Quintet.Client.Broker;
using Quintet.Console.DeadLetters;
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
        .. picture.Queues.Where(queue => !IsStation(queue) && !picture.IsDead(queue) && !queue.Name.StartsWith("amq.", StringComparison.Ordinal))
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

    /// <summary>Without a key each message keeps the one it came with; then it is known only where all ways lead to one queue.</summary>
    private static string? DeadQueueOf(QueueInfo queue, QueuePicture picture) => picture.DeadTargetsOf(queue) is [{ } only] ? only : null;

    /// <summary>Messages pass their delay there; nobody takes from it.</summary>
    private static bool IsStation(QueueInfo queue) => queue.Consumers == 0 && DeadQueues.IsRetry(queue);
}
