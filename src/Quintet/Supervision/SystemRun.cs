using System.Security.Cryptography;
using Quintet.Supervision.Instances;
using Quintet.Supervision.Logs;
using Quintet.Supervision.Processes;
using Quintet.Supervision.State;

namespace Quintet.Supervision;

/// <summary>What all instances of one run share. It ends its guard last, and with it whatever is still alive of the run.</summary>
internal sealed class SystemRun : IAsyncDisposable
{
    private readonly LogFile _words;

    public SystemRun(StateFolder state, SupervisionOptions options)
    {
        State = state;
        Options = options;
        Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        _words = new LogFile(state.SupervisorLog, options.Logs, Time);
        Spawner = new Spawner();
        Guard = new Guard(Id);
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The run's id, in the environment of each of its processes.</summary>
    public string Id { get; }

    public StateFolder State { get; }

    public SupervisionOptions Options { get; }

    public TimeProvider Time { get; } = TimeProvider.System;

    public Spawner Spawner { get; }

    public Guard Guard { get; }

    /// <summary>For probes.</summary>
    public HttpClient Http { get; }

    /// <summary>Called for each change of state: instance, state, reason. It must be quick.</summary>
    public Action<string, InstanceState, string>? StateChanged { get; set; }

    /// <summary>The supervisor's own words, into <c>logs/supervisor.log</c>.</summary>
    public void Say(string words) => _words.Write(words);

    public void Changed(string instance, InstanceState state, string reason)
    {
        string name = state.ToString().ToLowerInvariant();
        Say(reason.Length == 0 ? $"{instance} is {name}" : $"{instance} is {name}: {reason}");
        StateChanged?.Invoke(instance, state, reason);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Leftovers.Kill(Id);
        await Guard.DisposeAsync();
        Spawner.Dispose();
        _words.Dispose();
    }
}
