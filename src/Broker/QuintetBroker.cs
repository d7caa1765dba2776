using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quintet.Broker.InProcess;
using Quintet.Hosting;

namespace Quintet.Broker;

/// <summary>
/// A broker inside this process that RabbitMQ's clients use as they would use RabbitMQ. It listens on this machine only. Any number of them
/// run side by side, each with ports and a folder of its own. Every member is safe for use by many threads.
/// </summary>
/// <example>
/// <code>
/// await using QuintetBroker broker = await QuintetBroker.StartAsync();
/// ConnectionFactory factory = new() { Uri = broker.AmqpUrl };
/// </code>
/// </example>
public sealed class QuintetBroker : IAsyncDisposable
{
    private const int Attempts = 10;

    // A client that does not answer the close holds the end up for 5 s; past this it is cut off.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly StartPlan _plan;
    private WebApplication? _app;
    private bool _isDisposed;

    private QuintetBroker(StartPlan plan) => _plan = plan;

    /// <summary>Where clients connect, with the first user's credentials and the virtual host <c>/</c>:
    /// <c>amqp://guest:guest@127.0.0.1:20123/%2F</c>. The same over every restart.</summary>
    public Uri AmqpUrl => AmqpUrlOf(_plan.User);

    /// <summary>The management API: <c>http://127.0.0.1:20124/</c>. RabbitMQ's paths are below <c>api/</c>, with HTTP Basic; <c>health/ready</c>
    /// needs no credential. The same over every restart.</summary>
    public Uri ManagementUrl => new($"http://127.0.0.1:{_plan.ManagementPort}/");

    /// <summary>The folder that holds messages and definitions.</summary>
    public string DataFolder => _plan.DataFolder;

    /// <summary>Starts a broker. It takes connections when the task completes.</summary>
    /// <param name="options">Null for the defaults: free ports, a temporary folder, guest/guest. They are copied; later changes mean nothing.</param>
    /// <param name="cancellationToken">Gives up; what was started is stopped.</param>
    /// <exception cref="ArgumentException">An option cannot be meant; the text names it.</exception>
    /// <exception cref="IOException">A port is taken, or the folder cannot be worked in, perhaps because another broker does; the text names the
    /// option.</exception>
    public static async Task<QuintetBroker> StartAsync(QuintetBrokerOptions? options = null, CancellationToken cancellationToken = default)
    {
        StartPlan plan = new(options ?? new QuintetBrokerOptions());
        QuintetBroker broker = new(plan);
        try
        {
            await broker.StartOnFreePortsAsync(cancellationToken).ConfigureAwait(false);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The URL for another user, or another virtual host.</summary>
    /// <param name="user">A user of the options.</param>
    /// <param name="virtualHost">The virtual host; it must exist by the time somebody connects.</param>
    /// <exception cref="ArgumentException">The options have no such user.</exception>
    public Uri AmqpUrlOf(string user, string virtualHost = "/")
    {
        if (!_plan.Passwords.TryGetValue(user, out string? password))
            throw new ArgumentException($"there is no user '{user}'; there are {string.Join(", ", _plan.Passwords.Keys)}", nameof(user));
        string credentials = $"{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}";
        return new Uri($"amqp://{credentials}@127.0.0.1:{_plan.AmqpPort}/{Uri.EscapeDataString(virtualHost)}");
    }

    /// <summary>
    /// Takes the broker away: clients get <c>connection.close</c> with 320, connection forced, and nobody listens any more. What is durable stays
    /// in the folder until <see cref="RestartAsync"/>. Does nothing when it is away already.
    /// </summary>
    /// <param name="cancellationToken">Cuts off the clients that have not answered the close.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await StopAppAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Stops the broker, unless it is stopped, and starts it again on the same ports over the same folder: for a test of how a client
    /// reconnects.
    /// </summary>
    /// <param name="cancellationToken">Gives up; the broker is then stopped.</param>
    /// <exception cref="IOException">Its port was taken meanwhile.</exception>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            await StopAppAsync(cancellationToken).ConfigureAwait(false);
            await StartDetachedAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Stops the broker as <see cref="StopAsync"/> does, and removes its folder if that was a temporary one.</summary>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isDisposed) return;
            _isDisposed = true;
            await StopAppAsync(CancellationToken.None).ConfigureAwait(false);
            if (_plan.IsTemporary && Directory.Exists(DataFolder)) Directory.Delete(DataFolder, recursive: true);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task StartOnFreePortsAsync(CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            _plan.FindPorts();
            try
            {
                await StartDetachedAsync(cancellation).ConfigureAwait(false);
                return;
            }
            catch (IOException fault) when (fault.InnerException is AddressInUseException && attempt < Attempts && _plan.FindsAPort)
            {
                // Another program took a port between the look and the start. One that was asked for by number is reported by the last attempt.
            }
        }
    }

    // What runs on in the background must not carry the caller's trace or test along, and recovery must not hold up its thread.
    private Task StartDetachedAsync(CancellationToken cancellation)
    {
        using AsyncFlowControl detached = ExecutionContext.SuppressFlow();
        return Task.Run(() => StartAppAsync(cancellation), cancellation);
    }

    private async Task StartAppAsync(CancellationToken cancellation)
    {
        WebApplication? app = null;
        try
        {
            WebApplicationBuilder builder = BoxHost.CreateEmbeddedBuilder("broker", _plan.Values(), _plan.Loggers);
            builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTimeout);
            app = BrokerBox.Build(builder);
            await app.StartAsync(cancellation).ConfigureAwait(false);
            _app = app;
        }
        catch (Exception fault) when (StartFault.Of(fault, _plan) is { } named)
        {
            throw named;
        }
        finally
        {
            if (app is not null && _app != app) await app.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task StopAppAsync(CancellationToken cancellation)
    {
        if (_app is not { } app) return;
        _app = null;
        try
        {
            await app.StopAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            await app.DisposeAsync().ConfigureAwait(false);
        }
    }
}
