using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Console.DeadLetters;

/// <summary>What a redrive did, or would do.</summary>
/// <param name="Moved">Messages by the queue they went to.</param>
/// <param name="Kept">Messages that stay where they are, by the reason.</param>
internal sealed record RedriveReport(IReadOnlyDictionary<string, int> Moved, IReadOnlyDictionary<string, int> Kept);

/// <summary>
/// Moves dead letters back to the queue they died in. Each is published first, mandatory and confirmed, and acknowledged after: an interruption
/// between the two leaves it in both queues, never in none.
/// </summary>
/// <param name="queue">Where the dead letters are.</param>
/// <param name="to">The queue to move them to; null for where each died.</param>
/// <param name="dryRun">Whether to say only what would be moved.</param>
/// <param name="body">What a letter is to say instead; null leaves it as it is.</param>
/// <param name="told">Told what became of each; null for nobody.</param>
internal sealed class Redrive(string queue, string? to, bool dryRun, ReadOnlyMemory<byte>? body = null, Action<LetterFate>? told = null)
{
    private readonly SortedDictionary<string, int> _moved = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _kept = new(StringComparer.Ordinal);

    public async Task<RedriveReport> RunAsync(LetterWalk walk, int limit, CancellationToken cancellation)
    {
        foreach (string missing in await walk.RunAsync(limit, MoveAsync, cancellation)) Keep(missing, $"there is no message '{missing}'");
        return new RedriveReport(_moved, _kept);
    }

    private async Task MoveAsync(IChannel channel, BasicGetResult letter)
    {
        string id = letter.BasicProperties.MessageId ?? "";
        string? target = to ?? Death.Of(letter.BasicProperties.Headers)?.Queue;
        if (target is null) Keep(id, "it does not say where it died; name a queue with --to");
        else if (target == queue) Keep(id, "it died in this very queue; name another with --to");
        else if (dryRun) Move(id, target);
        else await PublishAsync(channel, letter, target);
    }

    // Not cancelled half-way: a message that was sent is acknowledged here, too.
    private async Task PublishAsync(IChannel channel, BasicGetResult letter, string target)
    {
        try
        {
            await channel.BasicPublishAsync("", target, mandatory: true, Afresh(letter.BasicProperties), body ?? letter.Body, CancellationToken.None);
        }
        catch (PublishException refused)
        {
            Keep(letter.BasicProperties.MessageId ?? "", refused.IsReturn ? $"there is no queue '{target}'" : $"'{target}' does not take it");
            return;
        }

        await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, CancellationToken.None);
        Move(letter.BasicProperties.MessageId ?? "", target);
    }

    private void Move(string id, string target)
    {
        Count(_moved, target);
        told?.Invoke(LetterFate.Moved(id, target));
    }

    private void Keep(string id, string reason)
    {
        Count(_kept, reason);
        told?.Invoke(LetterFate.Stayed(id, reason));
    }

    /// <summary>Without the marks of its deaths: consumers that count them, as the chassis does, would give it up at once again.</summary>
    private static BasicProperties Afresh(IReadOnlyBasicProperties died)
    {
        BasicProperties properties = Moved.PropertiesOf(died);
        properties.Headers = properties.Headers?.Where(h => !IsMark(h.Key)).ToDictionary(h => h.Key, h => h.Value);
        return properties;
    }

    private static bool IsMark(string header) =>
        header is "x-death" or "x-delivery-count" or "x-acquired-count" || header.StartsWith("x-first-death-", StringComparison.Ordinal)
        || header.StartsWith("x-last-death-", StringComparison.Ordinal) || header.StartsWith(Death.ChassisMarks, StringComparison.Ordinal);

    private static void Count(SortedDictionary<string, int> counts, string key) => counts[key] = counts.GetValueOrDefault(key) + 1;
}
