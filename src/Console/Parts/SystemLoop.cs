using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quintet.Client.Broker;
using Quintet.Client.Configuration;
using Quintet.Client.Consul;
using Quintet.Client.Supervisor;

namespace Quintet.Console.Parts;

/// <summary>Asks the parts how they are, all at once, often while somebody looks. A part that does not answer leaves its last answer standing.</summary>
internal sealed class SystemLoop(SystemFeed feed, PartClients clients, IOptions<ConsoleOptions> options, TimeProvider time) : BackgroundService
{
    private readonly PartsOptions _options = options.Value.Parts;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            feed.Publish(await AskAsync(feed.Current, stoppingToken));
            try
            {
                await feed.Wanted.WaitAsync(feed.IsWatched ? _options.Refresh : _options.IdleRefresh, time, stoppingToken);
            }
            catch (TimeoutException)
            {
                // Time for the next picture.
            }
        }
    }

    private async Task<SystemPicture> AskAsync(SystemPicture last, CancellationToken cancellation)
    {
        Task<Reading<SystemStatus>> system = ReadAsync(last.System, clients.Supervisor, (c, stop) => c.StatusAsync(stop), cancellation);
        Task<Reading<IReadOnlyList<ServiceInstance>>> registry = ReadAsync(last.Registry, clients.Registry, InstancesAsync, cancellation);
        Task<Reading<QueuePicture>> queues = ReadAsync(last.Queues, clients.Broker, QueuesAsync, cancellation);
        Task<Reading<string>> configuration = ConfigurationAsync(last.Configuration, cancellation);
        await Task.WhenAll(system, registry, queues, configuration);
        return new SystemPicture(time.GetUtcNow())
        {
            System = await system, Registry = await registry, Queues = await queues, Configuration = await configuration,
        };
    }

    /// <summary>No more often than while nobody looks: a server may fetch its repository from afar for each answer.</summary>
    private Task<Reading<string>> ConfigurationAsync(Reading<string> last, CancellationToken cancellation) =>
        last.Value is not null && time.GetUtcNow() - last.At < _options.IdleRefresh
            ? Task.FromResult(last)
            : ReadAsync(last, clients.Configuration, VersionAsync, cancellation);

    /// <summary>A version is that of the whole repository, whichever application is asked for; this one holds what is given to all.</summary>
    private static async Task<string> VersionAsync(ConfigServerClient server, CancellationToken cancellation) =>
        (await server.GetAsync("application", ConfigServerClient.DefaultProfile, null, cancellation)).Version ?? "";

    private static async Task<IReadOnlyList<ServiceInstance>> InstancesAsync(ConsulClient registry, CancellationToken cancellation)
    {
        var names = await registry.CatalogServicesAsync(cancellation: cancellation);
        var services = await Task.WhenAll(names.Value.Keys.Where(name => name != "consul")
            .Select(name => registry.HealthServiceAsync(name, cancellation: cancellation)));
        return [.. services.SelectMany(s => s.Value)];
    }

    private static async Task<QueuePicture> QueuesAsync(ManagementClient broker, CancellationToken cancellation)
    {
        Task<List<QueueInfo>> queues = broker.QueuesAsync(null, cancellation);
        Task<List<BindingInfo>> bindings = broker.BindingsAsync(null, cancellation);
        return new QueuePicture(await queues, await bindings);
    }

    private async Task<Reading<T>> ReadAsync<TClient, T>(
        Reading<T> last, TClient? client, Func<TClient, CancellationToken, Task<T>> ask, CancellationToken cancellation)
        where TClient : class
        where T : class
    {
        if (client is null) return Reading<T>.None;
        using CancellationTokenSource limit = new(_options.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return new Reading<T>(await ask(client, either.Token), time.GetUtcNow(), null);
        }
        catch (Exception fault) when (PartClients.IsOfPart(fault))
        {
            return last with { Fault = fault.Message };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return last with { Fault = $"it did not answer within {_options.Timeout.TotalSeconds:0.#} s" };
        }
    }
}
