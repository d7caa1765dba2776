using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Quintet.ConfigServer.Access;
using Quintet.ConfigServer.Environments;
using Quintet.ConfigServer.Http;
using Quintet.ConfigServer.Sources;
using Quintet.Hosting.Telemetry;

namespace Quintet.ConfigServer.Changes;

/// <summary>Holds an answer back until the configuration of one application differs from what the client has.</summary>
internal sealed partial class WatchRoutes(TokenAccess access, EnvironmentLookup environments, Labels labels, WatchSettings settings)
{
    private const int PrefixSegments = 4; // _ext/v1/config/watch
    private static readonly TimeSpan WaitByDefault = TimeSpan.FromSeconds(60);

    private int waiting;

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/_ext/v1/config/watch/{**rest}", WatchAsync);

    private async Task<Results<Ok<WatchAnswer>, StatusCodeHttpResult>> WatchAsync(HttpContext context, string? version = null, string? wait = null)
    {
        Grant grant = access.Authenticate(context);
        string[] segments = RequestPath.SegmentsOf(context)[PrefixSegments..];
        if (segments.Length is not (2 or 3)) throw RequestRefused.NotFound("a watch is at /_ext/v1/config/watch/{application}/{profiles}[/{label}]");
        EnvironmentName name = EnvironmentRequest.NameOf(segments[0], segments[1], settings.Limits.Names);
        TimeSpan limit = WaitOf(wait);
        LabelFeed feed = await environments.FeedAsync(grant, name, segments.Length == 3 ? segments[2] : null, context.RequestAborted);

        if (Interlocked.Increment(ref waiting) > settings.Limits.Watchers)
        {
            Interlocked.Decrement(ref waiting);
            throw new RequestRefused(StatusCodes.Status503ServiceUnavailable, $"{settings.Limits.Watchers} watches are waiting already", RefusalKind.Busy);
        }

        context.LeaveOutOfTelemetry(); // it waits for a change, which says nothing of how fast the server is
        feed.BeginWatch();
        ConfigMeter.Watches.Add(1);
        try
        {
            EffectiveEnvironment? known = await KnownAsync(version, name, context.RequestAborted);
            return await ChangedAsync(feed, name, known?.State ?? version, limit, context.RequestAborted) is { } changed
                ? TypedResults.Ok(new WatchAnswer(changed.Version, changed.State, changed.ChangedSince(known)))
                : TypedResults.StatusCode(StatusCodes.Status304NotModified);
        }
        finally
        {
            feed.EndWatch();
            ConfigMeter.Watches.Add(-1);
            Interlocked.Decrement(ref waiting);
        }
    }

    /// <summary>The environment once its state is not the known one; null when time is up first, or the server stops: watches must not hold it.</summary>
    private async Task<EffectiveEnvironment?> ChangedAsync(
        LabelFeed feed, EnvironmentName name, string? state, TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeUp = new(limit, settings.Time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, settings.Stopping, cancellationToken);
        while (true)
        {
            (LabelView view, Task replaced) = feed.Observe();
            EffectiveEnvironment environment = EnvironmentLookup.Of(view, name, feed.Name);
            if (environment.State != state) return environment;
            try
            {
                await replaced.WaitAsync(any.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }
    }

    /// <summary>What the client has, when its version is a commit. A state (a longer hash) is compared as it is.</summary>
    private async ValueTask<EffectiveEnvironment?> KnownAsync(string? version, EnvironmentName name, CancellationToken cancellationToken) =>
        version is not null && CommitName().IsMatch(version) && await labels.SnapshotOfAsync(version, cancellationToken) is { } snapshot
            ? snapshot.EnvironmentOf(name)
            : null;

    /// <summary><c>60s</c>, <c>500ms</c>, <c>2m</c> or plain seconds.</summary>
    private TimeSpan WaitOf(string? wait)
    {
        if (wait is null) return Shorter(WaitByDefault);
        Match match = Duration().Match(wait);
        if (!match.Success) throw RequestRefused.BadRequest("wait is a number with ms, s or m, such as 60s");
        double number = double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return Shorter(match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "m" => TimeSpan.FromMinutes(number),
            _ => TimeSpan.FromSeconds(number),
        });
    }

    private TimeSpan Shorter(TimeSpan wait) => wait < settings.Limits.WatchWait ? wait : settings.Limits.WatchWait;

    [GeneratedRegex(@"^(\d{1,9})(ms|s|m)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex CommitName();

    /// <summary>The answer on the wire.</summary>
    private sealed record WatchAnswer(string Version, string State, IReadOnlyList<string> Changed);
}

/// <summary>What watches take from the options and the host.</summary>
internal sealed record WatchSettings(ConfigServerOptions.LimitOptions Limits, TimeProvider Time, CancellationToken Stopping);
