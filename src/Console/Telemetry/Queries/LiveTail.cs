using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>Hands new log records to those who watch, after they were stored; it waits for nobody.</summary>
internal sealed class LiveTail(IOptions<ConsoleOptions> options)
{
    private readonly TelemetryLimitOptions _limits = options.Value.Telemetry.Limits;
    private readonly ConcurrentDictionary<Follower, byte> _followers = new();

    /// <summary>Begins when the first record is asked for.</summary>
    public async IAsyncEnumerable<LogEntry> FollowAsync(LogFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_followers.Count >= _limits.FollowersMax)
            throw new InvalidQueryException("follow", $"is done by {_limits.FollowersMax} already, see Console:Telemetry:Limits:FollowersMax");
        Follower follower = new(filter, _limits.FollowedMax);
        _followers[follower] = 0;
        try
        {
            await foreach (LogEntry log in follower.Waiting.Reader.ReadAllAsync(cancellationToken)) yield return log;
        }
        finally
        {
            _followers.TryRemove(follower, out _);
        }
    }

    public void Publish(List<LogRow> logs)
    {
        if (logs.Count == 0 || _followers.IsEmpty) return;
        foreach ((Follower follower, _) in _followers)
            foreach (LogRow log in logs)
                if (follower.Wants(log)) follower.Waiting.Writer.TryWrite(EntryOf(log));
    }

    private static LogEntry EntryOf(LogRow log) => new(
        Nanoseconds.ToTime(log.Time), log.Severity, log.Resource.Service, log.Resource.Instance, log.Scope, log.Event, log.Body, Hex(log.TraceId),
        Hex(log.SpanId), log.Attributes);

    private static string? Hex(byte[]? id) => id is null ? null : Convert.ToHexStringLower(id);

    private sealed class Follower(LogFilter filter, int waitingMax)
    {
        private readonly string[] _words = (filter.Text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

        public Channel<LogEntry> Waiting { get; } = Channel.CreateBounded<LogEntry>(new BoundedChannelOptions(waitingMax)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
            SingleReader = true,
        });

        public bool Wants(LogRow log) =>
            (filter.Service is null || filter.Service == log.Resource.Service)
            && (filter.Instance is null || filter.Instance == log.Resource.Instance)
            && (filter.MinSeverity is null || log.Severity >= filter.MinSeverity)
            && (filter.TraceId is null || (log.TraceId is not null && filter.TraceId.Equals(Hex(log.TraceId), StringComparison.OrdinalIgnoreCase)))
            && Array.TrueForAll(_words, word => Has(log.Body, word) || Has(log.Attributes, word));

        private static bool Has(string text, string word) => text.Contains(word, StringComparison.OrdinalIgnoreCase);
    }
}
