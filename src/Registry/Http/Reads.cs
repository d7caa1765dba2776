using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quintet.Registry.BlockingQueries;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Http;

/// <summary>
/// Gives handlers the state to answer from: at once, or, when the caller sent an index, as soon as its answer may differ.
/// </summary>
internal sealed class Reads(CommitLoop commits, Watches watches, IOptions<RegistryOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan WaitDefault = TimeSpan.FromMinutes(5); // Consul's

    /// <summary>The newest state, without waiting or headers.</summary>
    public RegistryState Now => commits.State;

    /// <summary>Reads, waits if asked to, and sets the headers that go with a read.</summary>
    /// <param name="call">The request.</param>
    /// <param name="scope">What its answer depends on.</param>
    /// <param name="saysConsistency">Catalog and health say how they were read; keys do not.</param>
    public async Task<RegistryState> ReadAsync(Call call, Scope scope, bool saysConsistency = true)
    {
        string consistency = ConsistencyOf(call);
        ulong index = IndexOf(call);
        TimeSpan wait = WaitOf(call);
        RequireDatacenter(call);

        if (index > 0) call.BeginWaiting();
        RegistryState state = index == 0 ? Now : await ParkAsync(scope, index, wait, call.Aborted);
        call.ResponseHeaders["X-Consul-Index"] = state.IndexOf(scope).ToString(CultureInfo.InvariantCulture);
        call.ResponseHeaders["X-Consul-Knownleader"] = "true";
        call.ResponseHeaders["X-Consul-Lastcontact"] = "0";
        if (saysConsistency) call.ResponseHeaders["X-Consul-Effective-Consistency"] = consistency;
        return state;
    }

    /// <summary>As <see cref="ReadAsync"/> for the three reads that Consul's agents cache. Ours are always fresh: a hit of age 0.</summary>
    public Task<RegistryState> ReadCachedAsync(Call call, Scope scope)
    {
        if (call.Target.Has("cached"))
        {
            call.ResponseHeaders["X-Cache"] = "HIT";
            call.ResponseHeaders.Age = "0";
        }

        return ReadAsync(call, scope);
    }

    /// <summary>Waits until <paramref name="isOver"/> or <paramref name="wait"/> is, looking again whenever the scope changes.</summary>
    public async Task<RegistryState> ParkAsync(Scope scope, Func<RegistryState, bool> isOver, TimeSpan wait, CancellationToken aborted)
    {
        if (watches.Parked >= options.Value.Limits.WatchesMax)
            throw new RefusalException(429, "Too many blocking queries wait; the limit is Registry:Limits:WatchesMax");
        // Random and never more than a sixteenth: clients add just that to their own timeouts.
        wait += wait * (Random.Shared.NextDouble() / 16);
        long started = time.GetTimestamp();
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        while (true)
        {
            Watch watch = watches.Begin(scope);
            try
            {
                RegistryState state = Now;
                TimeSpan left = wait - time.GetElapsedTime(started);
                aborted.ThrowIfCancellationRequested();
                if (isOver(state) || left <= TimeSpan.Zero || ended.IsCancellationRequested) return state;
                await watch.Changed.WaitAsync(left, time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                watches.End(watch);
            }
        }
    }

    /// <summary>The time the caller wants to wait; <c>0</c> and nothing mean the default.</summary>
    public TimeSpan WaitOf(Call call)
    {
        if (call.Target.Value("wait") is not { Length: > 0 } text) return WaitDefault;
        if (!GoDuration.TryParse(text, out TimeSpan wait)) throw RefusalException.BadRequest("Invalid wait time");
        if (wait <= TimeSpan.Zero) return WaitDefault;
        return wait < options.Value.Limits.WaitMax ? wait : options.Value.Limits.WaitMax;
    }

    private Task<RegistryState> ParkAsync(Scope scope, ulong index, TimeSpan wait, CancellationToken aborted) =>
        ParkAsync(scope, state => state.IndexOf(scope) > index, wait, aborted);

    private static string ConsistencyOf(Call call)
    {
        bool isStale = call.Target.Has("stale");
        bool isConsistent = call.Target.Has("consistent");
        if (isStale && isConsistent) throw RefusalException.BadRequest("Cannot specify ?stale with ?consistent, conflicting semantics.");
        if (isConsistent && call.Target.Has("cached"))
            throw RefusalException.BadRequest("Cannot specify ?cached with ?consistent, conflicting semantics.");
        return isStale ? "stale" : isConsistent ? "consistent" : "leader";
    }

    private static ulong IndexOf(Call call)
    {
        if (call.Target.Value("index") is not { Length: > 0 } text) return 0;
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong index)
            ? index
            : throw RefusalException.BadRequest("Invalid index");
    }

    private void RequireDatacenter(Call call)
    {
        if (call.Target.Value("dc") is { Length: > 0 } dc && dc != options.Value.Datacenter)
            throw new RefusalException(500, "No path to datacenter") { IsFromRead = true };
    }
}
