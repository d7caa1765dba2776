using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Quintet.Client.Consul;

namespace Quintet.Chassis.Discovery;

/// <summary>The healthy instances of one service, followed in the registry. While the registry is away the last known ones stay.</summary>
internal sealed partial class InstanceWatch : IAsyncDisposable
{
    private readonly string _name;
    private readonly ConsulClient _registry;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _following;

    // Replaced as one: whoever reads Current and takes its token hears of the next one.
    private volatile View _view = new([], new CancellationTokenSource());

    public InstanceWatch(string name, ConsulClient registry, TimeProvider time, ILogger logger)
    {
        _name = name;
        _registry = registry;
        _time = time;
        _logger = logger;
        _following = FollowAsync();
    }

    public IReadOnlyList<ServiceInstance> Current => _view.Instances;

    /// <summary>The instances with a token that fires when there are others.</summary>
    public (IReadOnlyList<ServiceInstance> Instances, IChangeToken Changed) Read()
    {
        View view = _view;
        return (view.Instances, new CancellationChangeToken(view.Replaced.Token));
    }

    /// <summary>Waits for the registry's first answer, but not for ever.</summary>
    public async Task AnsweredAsync(TimeSpan patience, CancellationToken cancellation)
    {
        if (_answered.Task.IsCompleted) return;
        try
        {
            await _answered.Task.WaitAsync(patience, _time, cancellation);
        }
        catch (TimeoutException)
        {
            // The caller goes on with what is known, which is nothing.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _following;
        _ending.Dispose();
    }

    private async Task FollowAsync()
    {
        ConsulWatch watch = new()
        {
            Time = _time,
            Failed = (fault, failures) =>
            {
                if (failures == 1) Log.Away(_logger, _name, fault.Message);
            },
        };
        try
        {
            await foreach (var instances in watch.FollowAsync((blocking, token) => _registry.HealthServiceAsync(_name, true, blocking, token), _ending.Token))
            {
                View old = _view;
                _view = new View(instances, new CancellationTokenSource());
                _answered.TrySetResult();
                await old.Replaced.CancelAsync();
                Log.Changed(_logger, _name, instances.Count);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Nobody asks any more.
        }
    }

    private sealed record View(IReadOnlyList<ServiceInstance> Instances, CancellationTokenSource Replaced);

    private static partial class Log
    {
        [LoggerMessage(6411, LogLevel.Debug, "{Service} has {Count} healthy instances")]
        public static partial void Changed(ILogger logger, string service, int count);

        [LoggerMessage(6412, LogLevel.Warning, "The registry is away; calls to {Service} go to the instances known so far: {Reason}")]
        public static partial void Away(ILogger logger, string service, string reason);
    }
}
