using RabbitMQ.Client;

namespace Quintet.Console.DeadLetters;

/// <summary>
/// Goes through the dead letters of a queue, one at a time. What is not acknowledged on the way returns to its place when the walk ends, however it
/// ends.
/// </summary>
/// <param name="connection">To the broker.</param>
/// <param name="queue">The queue that dead letters went to.</param>
/// <param name="choice">Which are meant.</param>
/// <param name="looked">Told after each letter how many it has looked at, and of how many; null for nobody.</param>
internal sealed class LetterWalk(IConnection connection, string queue, LetterChoice choice, Func<long, long, Task>? looked = null)
{
    /// <param name="limit">
    /// At most so many of those that are meant; never more than are ready at the start, so that those which die at once again are not seen twice.
    /// </param>
    /// <param name="visit">Does something about one of them.</param>
    /// <param name="cancellation">Ends it between two letters.</param>
    /// <returns>The chosen ids that were not there.</returns>
    public async Task<IReadOnlyCollection<string>> RunAsync(int limit, Func<IChannel, BasicGetResult, Task> visit, CancellationToken cancellation)
    {
        await using IChannel channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        uint ready = (await channel.QueueDeclarePassiveAsync(queue, cancellation)).MessageCount;
        HashSet<string> missing = [.. choice.Ids];
        bool endsWithIds = choice.Ids.Count > 0 && choice.Causes.Count == 0;
        int visited = 0;
        for (uint count = 0; count < ready && visited < limit && (!endsWithIds || missing.Count > 0);)
        {
            cancellation.ThrowIfCancellationRequested();
            if (await channel.BasicGetAsync(queue, autoAck: false, cancellation) is not { } letter) break;
            if (choice.Means(letter) && !(endsWithIds && !missing.Contains(letter.BasicProperties.MessageId ?? "")))
            {
                missing.Remove(letter.BasicProperties.MessageId ?? "");
                await visit(channel, letter);
                visited++;
            }

            count++;
            if (looked is not null) await looked(count, ready);
        }

        return missing;
    }
}
