using Microsoft.Extensions.Hosting;
using Quintet.Broker.Migration;

namespace Quintet.Broker.Connections;

/// <summary>Opens the storage before the ports are, and takes leave of the clients before they close.</summary>
internal sealed class BrokerLife(BrokerContext broker, DefinitionsImport import) : IHostedLifecycleService
{
    /// <summary>The storage was opened when this was made; what cannot be opened stops the start here.</summary>
    public Task StartingAsync(CancellationToken cancellationToken) =>
        broker.Options.Definitions is { Length: > 0 } file ? import.LoadAsync(file, cancellationToken) : Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        broker.Connections.ForceAll("broker forced connection closure with reason 'shutdown'");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
