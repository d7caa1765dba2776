using RabbitMQ.Client;

namespace Quintet.Console.DeadLetters;

/// <summary>Sends dead letters back or throws them away, over a connection of its own for each piece of work: people do it now and then.</summary>
internal sealed class LetterDesk(Uri broker)
{
    /// <summary>Moves letters to where each died.</summary>
    /// <param name="queue">Where they are now.</param>
    /// <param name="ids">Which; empty for all.</param>
    /// <param name="body">What they are to say instead; null leaves it.</param>
    /// <param name="cancellation">Ends it between two letters.</param>
    public async Task<RedriveReport> RedriveAsync(string queue, IReadOnlyCollection<string> ids, ReadOnlyMemory<byte>? body, CancellationToken cancellation)
    {
        await using IConnection connection = await ConnectAsync(cancellation);
        return await new Redrive(queue, to: null, dryRun: false, body).RunAsync(new LetterWalk(connection, queue, ids), int.MaxValue, cancellation);
    }

    /// <summary>Throws letters away for good.</summary>
    /// <returns>How many.</returns>
    public async Task<int> DiscardAsync(string queue, IReadOnlyCollection<string> ids, CancellationToken cancellation)
    {
        await using IConnection connection = await ConnectAsync(cancellation);
        int discarded = 0;
        await new LetterWalk(connection, queue, ids).RunAsync(
            int.MaxValue,
            async (channel, letter) =>
            {
                await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, CancellationToken.None);
                discarded++;
            },
            cancellation);
        return discarded;
    }

    private Task<IConnection> ConnectAsync(CancellationToken cancellation) => new ConnectionFactory
    {
        Uri = broker,
        AutomaticRecoveryEnabled = false,
        ClientProvidedName = "quintet console",
    }.CreateConnectionAsync(cancellation);
}
