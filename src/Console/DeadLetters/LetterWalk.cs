using RabbitMQ.Client;

namespace Quintet.Console.DeadLetters;

/// <summary>
/// Goes through the dead letters of a queue, one at a time. What is not acknowledged on the way returns to its place when the walk ends, however it
/// ends.
/// </summary>
/// <param name="connection">To the broker.</param>
/// <param name="queue">The queue that dead letters went to.</param>
/// <param name="only">Message ids; empty for all.</param>
/// <param name="looked">Told after each letter how many it has looked at; null for nobody.</param>
internal sealed class LetterWalk(IConnection connection, string queue, IReadOnlyCollection<string> only, Func<long, Task>? looked = null)
{
    /// <param name="limit">
    /// At most so many of those that are meant; never more than are ready at the start, so that those which die at once again are not seen twice.
    /// </param>
    /// <param name="visit">Does something about one of them.</param>
    /// <param name="cancellation">Ends it between two letters.</param>
    /// <returns>The ids among <c>only</c> that were not there.</returns>
    public async Task<IReadOnlyCollection<string>> RunAsync(int limit, Func<IChannel, BasicGetResult, Task> visit, CancellationToken cancellation)
    {
        await using IChannel channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        uint ready = (await channel.QueueDeclarePassiveAsync(queue, cancellation)).MessageCount;
        HashSet<string> missing = [.. only];
        long count = 0;
        for (int visited = 0; ready > 0 && visited < limit && (only.Count == 0 || missing.Count > 0); ready--)
        {
            cancellation.ThrowIfCancellationRequested();
            if (await channel.BasicGetAsync(queue, autoAck: false, cancellation) is not { } letter) break;
            if (looked is not null) await looked(++count);
            if (only.Count > 0 && !missing.Remove(letter.BasicProperties.MessageId ?? "")) continue;
            await visit(channel, letter);
            visited++;
        }

        return missing;
    }
}
