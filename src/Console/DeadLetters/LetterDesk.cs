using RabbitMQ.Client;

namespace Quintet.Console.DeadLetters;

/// <summary>Sends dead letters back or throws them away, over a connection of its own for each piece of work: people do it now and then.</summary>
internal sealed class LetterDesk(Uri broker)
{
    /// <summary>Moves letters to where each died.</summary>
    /// <param name="queue">Where they are now.</param>
    /// <param name="choice">Which.</param>
    /// <param name="body">What they are to say instead; null leaves it.</param>
    /// <param name="report">Is told how it goes.</param>
    /// <param name="cancellation">Ends it between two letters.</param>
    public async Task RedriveAsync(string queue, LetterChoice choice, ReadOnlyMemory<byte>? body, LetterReport report, CancellationToken cancellation)
    {
        await using IConnection connection = await OwnConnection.OpenAsync(broker, "quintet console", cancellation);
        await new Redrive(queue, to: null, dryRun: false, body, report.Told)
            .RunAsync(new LetterWalk(connection, queue, choice, report.Looked), int.MaxValue, cancellation);
    }

    /// <summary>Throws letters away for good.</summary>
    /// <param name="queue">Where they are.</param>
    /// <param name="choice">Which.</param>
    /// <param name="report">Is told how it goes.</param>
    /// <param name="cancellation">Ends it between two letters.</param>
    public async Task DiscardAsync(string queue, LetterChoice choice, LetterReport report, CancellationToken cancellation)
    {
        await using IConnection connection = await OwnConnection.OpenAsync(broker, "quintet console", cancellation);
        IReadOnlyCollection<string> missing = await new LetterWalk(connection, queue, choice, report.Looked).RunAsync(
            int.MaxValue,
            async (channel, letter) =>
            {
                await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, CancellationToken.None);
                report.Told(LetterFate.Discarded(letter.BasicProperties.MessageId ?? ""));
            },
            cancellation);
        foreach (string id in missing) report.Told(LetterFate.Stayed(id, $"there is no message '{id}'"));
    }
}
