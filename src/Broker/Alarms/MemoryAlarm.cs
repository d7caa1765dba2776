using Microsoft.Extensions.Logging;

namespace Quintet.Broker.Alarms;

/// <summary>
/// Says whether memory is short, on the word of one loop. What has gone above the watermark is collected first, since most of it may be garbage; and
/// again while the alarm lasts, for with publishers blocked nothing else would make the runtime collect. Collections stop the world, so they get a
/// twentieth of the time at most.
/// </summary>
internal sealed partial class MemoryAlarm
{
    private const int CollectedShare = 20;

    private readonly MemoryProbe _probe;
    private readonly AlarmBoard _board;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _releaseBytes;
    private long _collectedAt;
    private TimeSpan _restFor;
    private bool _hasCollected;

    public MemoryAlarm(MemoryOptions options, MemoryProbe probe, AlarmBoard board, TimeProvider time, ILogger logger)
    {
        (_probe, _board, _time, _logger) = (probe, board, time, logger);
        LimitBytes = Math.Min(options.WatermarkBytes ?? (long)(probe.TotalBytes * options.Watermark), probe.HeapBytesMax);
        _releaseBytes = (long)(LimitBytes * options.ReleaseShare);
        Log.Watermark(logger, LimitBytes, probe.TotalBytes);
    }

    /// <summary>Above this many octets publishers are blocked.</summary>
    public long LimitBytes { get; }

    /// <summary>The octets the broker holds now, as the alarm counts them.</summary>
    public long UsedBytes => _probe.UsedBytes();

    public bool IsRaised => _board.IsShortOf(Resource.Memory);

    /// <summary>Looks once. Only one at a time.</summary>
    public void Look()
    {
        bool was = IsRaised;
        long used = UsedBytes;
        if (IsShort(used, was) && MayCollect())
        {
            Collect();
            used = UsedBytes;
        }

        bool isShort = IsShort(used, was);
        if (isShort == was) return;
        if (isShort) Log.Raised(_logger, used, LimitBytes, _releaseBytes);
        _board.Update(Resource.Memory, () => isShort);
        if (isShort) return;
        if (_board.Reason is { } reason) Log.OverButBlocked(_logger, used, _releaseBytes, reason);
        else Log.Over(_logger, used, _releaseBytes);
    }

    private bool IsShort(long used, bool was) => was ? used >= _releaseBytes : used > LimitBytes || LimitBytes == 0;

    private bool MayCollect() => LimitBytes > 0 && (!_hasCollected || _time.GetElapsedTime(_collectedAt) >= _restFor);

    private void Collect()
    {
        long started = _time.GetTimestamp();
        _probe.GiveBack();
        _collectedAt = _time.GetTimestamp();
        _restFor = _time.GetElapsedTime(started, _collectedAt) * CollectedShare;
        _hasCollected = true;
    }

    private static partial class Log
    {
        [LoggerMessage(1010, LogLevel.Information, "Publishers are blocked above {Limit} octets of memory, of {Total} there are (Broker:Memory)")]
        public static partial void Watermark(ILogger logger, long limit, long total);

        [LoggerMessage(1011, LogLevel.Error, "Publishers are blocked, the broker is short of memory: it holds {Used} octets, more than the {Limit} that "
            + "Broker:Memory allows. Consumers go on, and publishers will when it holds less than {Release}")]
        public static partial void Raised(ILogger logger, long used, long limit, long release);

        [LoggerMessage(1012, LogLevel.Information, "Publishers go on, the broker holds {Used} octets of memory, less than {Release}")]
        public static partial void Over(ILogger logger, long used, long release);

        [LoggerMessage(1013, LogLevel.Information, "Memory is no longer short, the broker holds {Used} octets, less than {Release}; publishers stay "
            + "blocked: {Reason}")]
        public static partial void OverButBlocked(ILogger logger, long used, long release, string reason);
    }
}
