using RabbitMQ.Client;

namespace Quintet.Console.DeadLetters;

/// <summary>A connection for one piece of work. It does not come back by itself: whoever works on it decides what a break means.</summary>
internal static class OwnConnection
{
    /// <param name="broker">Where to, with user and password.</param>
    /// <param name="name">How the broker shows it.</param>
    /// <param name="cancellation">Gives up.</param>
    public static Task<IConnection> OpenAsync(Uri broker, string name, CancellationToken cancellation) => new ConnectionFactory
    {
        Uri = broker,
        AutomaticRecoveryEnabled = false,
        ClientProvidedName = name,
    }.CreateConnectionAsync(cancellation);
}
