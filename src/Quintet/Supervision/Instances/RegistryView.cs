using System.Collections.Concurrent;
using Quintet.Client.Consul;

namespace Quintet.Supervision.Instances;

/// <summary>What the registry says of the system's services, followed by one blocking query for each.</summary>
internal sealed class RegistryView : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly ConsulClient _client;
    private readonly TimeSpan _timeout;
    private readonly ConcurrentDictionary<string, Seen> _services = [];
    private readonly ConcurrentDictionary<string, Task> _watches = [];
    private readonly CancellationTokenSource _closing = new();

    public RegistryView(Uri address, string? token, SupervisionOptions options, TimeProvider time)
    {
        _http = ConsulClient.CreateHttp(address.ToString(), token);
        _client = new ConsulClient(_http);
        _timeout = options.RegistryTimeout;
        Withdrawals = new Withdrawals(this, options, time);
    }

    public Withdrawals Withdrawals { get; }

    /// <summary>Follows a service from now on.</summary>
    public void Follow(string service) => _watches.GetOrAdd(service, FollowAsync);

    /// <summary>Null while the registry has not answered, or does not answer any more.</summary>
    public bool? IsPassing(string service, string instance) => Find(service) is { } seen ? seen.Passing.Contains(instance) : null;

    /// <summary>Whether the registry has the instance at all; null as above.</summary>
    public bool? Knows(string service, string instance) => Find(service) is { } seen ? seen.All.Contains(instance) : null;

    /// <summary>Makes one call and swallows that the registry is away; false then.</summary>
    public async Task<bool> TryAsync(Func<ConsulClient, Task> call, CancellationToken cancellation)
    {
        try
        {
            await call(_client).WaitAsync(_timeout, cancellation);
            return true;
        }
        catch (Exception fault) when (fault is ConsulException or TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Makes one attempt to remove an instance.</summary>
    /// <returns>Whether the registry answered: one that it does not know is out already, and one that it will not remove today it will
    /// not remove tomorrow.</returns>
    public async Task<bool> DeregisterAsync(string instance, CancellationToken cancellation)
    {
        // Really ended when the time is over: a call left to itself could arrive after the next registration.
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_timeout);
        try
        {
            await _client.DeregisterAsync(instance, limit.Token);
            return true;
        }
        catch (ConsulException fault)
        {
            return fault.Status is { } status && (int)status is >= 400 and < 500 and not 429;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Withdrawals.DisposeAsync();
        await _closing.CancelAsync();
        await Task.WhenAll(_watches.Values);
        _http.Dispose();
        _closing.Dispose();
    }

    private Seen? Find(string service) => _services.GetValueOrDefault(service);

    private async Task FollowAsync(string service)
    {
        ConsulWatch watch = new()
        {
            Wait = TimeSpan.FromSeconds(30),
            RetryFirst = TimeSpan.FromMilliseconds(50),
            RetryMax = TimeSpan.FromSeconds(1),
            // What it said before it went away says nothing of now.
            Failed = (_, _) => _services.TryRemove(service, out Seen? _),
        };
        try
        {
            await foreach (IReadOnlyList<ServiceInstance> instances in watch.FollowAsync(
                (blocking, token) => _client.HealthServiceAsync(service, blocking: blocking, cancellation: token), _closing.Token))
            {
                _services[service] = new Seen(
                    instances.Select(i => i.Id).ToHashSet(),
                    instances.Where(i => i.Status == InstanceStatus.Passing).Select(i => i.Id).ToHashSet());
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    private sealed record Seen(IReadOnlySet<string> All, IReadOnlySet<string> Passing);
}
