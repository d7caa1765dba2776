using Quintet.Client.Broker;
using Quintet.Console.DeadLetters;

namespace Quintet.Console.Parts;

/// <summary>The queues of a virtual host, and which of them dead letters end in.</summary>
internal sealed record QueuePicture(IReadOnlyList<QueueInfo> Queues, IReadOnlyList<BindingInfo> Bindings)
{
    private readonly DeadQueues _dead = new(Queues, Bindings);

    /// <summary>Where dead letters stay; a station on their way is none.</summary>
    public IEnumerable<QueueInfo> Dead => Queues.Where(IsDead);

    public long DeadLetters => Dead.Sum(q => q.MessagesReady + q.MessagesUnacknowledged);

    public long Depth => Queues.Where(q => !IsDead(q)).Sum(q => q.MessagesReady + q.MessagesUnacknowledged);

    public bool IsDead(QueueInfo queue) => _dead.IsEnd(queue);

    /// <summary>Where the dead letters of a queue may arrive.</summary>
    public IReadOnlyList<string> DeadTargetsOf(QueueInfo queue) => _dead.TargetsOf(queue);
}
