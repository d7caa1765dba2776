using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Alarms;
using Quintet.Broker.Tests.InProcess;
using Xunit;

namespace Quintet.Broker.Tests.Alarms;

/// <summary>The alarm alone, with a memory and a clock that only the test moves.</summary>
public sealed class MemoryIsWatched : IDisposable
{
    private const long Limit = 600;

    private readonly FakeTimeProvider _time = new();
    private readonly AlarmBoard _board = new();
    private readonly ListedLog _log = new();
    private long _used;
    private int _collections;

    [Fact]
    public void Above_the_watermark_publishers_are_blocked_until_memory_is_well_below_it_and_the_log_says_each_change_once()
    {
        MemoryAlarm alarm = Alarm();
        List<string?> told = [];
        _board.Changed += told.Add;

        foreach (long used in (ReadOnlySpan<long>)[100, Limit, Limit + 1, Limit + 50, Limit, 570, 569, 599, Limit + 1])
        {
            _used = used;
            alarm.Look();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["low on memory", null, "low on memory"], told);
        Assert.Equal(2, _log.Lines.Count(line => line.StartsWith("Publishers are blocked, the broker is short of memory", StringComparison.Ordinal)));
        Assert.Single(_log.Lines, line => line.StartsWith("Publishers go on", StringComparison.Ordinal));
    }

    [Fact]
    public void Garbage_raises_no_alarm()
    {
        MemoryAlarm alarm = Alarm(giveBack: () => _used = 300);
        _used = Limit + 1;

        alarm.Look();

        Assert.Equal(1, _collections);
        Assert.Null(_board.Reason);
    }

    [Fact]
    public void An_alarm_that_lasts_has_garbage_collected_but_for_a_twentieth_of_the_time_at_most()
    {
        MemoryAlarm alarm = Alarm(giveBack: () => _time.Advance(TimeSpan.FromSeconds(2)));
        _used = Limit + 1;

        for (int second = 0; second < 200; second++)
        {
            alarm.Look();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(_collections, 2, 200 / 40 + 1);
    }

    [Fact]
    public void A_watermark_of_zero_blocks_at_once_and_for_good()
    {
        MemoryAlarm alarm = Alarm(new MemoryOptions { Watermark = 0 });
        _used = 0;

        alarm.Look();
        alarm.Look();

        Assert.Equal("low on memory", _board.Reason);
        Assert.Equal(0, _collections);
    }

    [Fact]
    public void What_the_runtime_may_take_for_its_heap_bounds_every_watermark()
    {
        MemoryProbe probe = new(() => _used, 1000, () => { }) { HeapBytesMax = 200 };

        Assert.Equal(200, new MemoryAlarm(new MemoryOptions(), probe, _board, _time, _log).LimitBytes);
        Assert.Equal(200, new MemoryAlarm(new MemoryOptions { WatermarkBytes = 5000 }, probe, _board, _time, _log).LimitBytes);
        Assert.Equal(150, new MemoryAlarm(new MemoryOptions { WatermarkBytes = 150 }, probe, _board, _time, _log).LimitBytes);
    }

    [Fact]
    public void Publishers_go_on_only_when_neither_memory_nor_disk_is_short()
    {
        List<string?> told = [];
        _board.Changed += told.Add;

        _board.Update(Resource.Disk, () => true);
        _board.Update(Resource.Memory, () => true);
        _board.Update(Resource.Memory, () => true);
        _board.Update(Resource.Disk, () => false);
        _board.Update(Resource.Memory, () => false);

        Assert.Equal(["low on disk", "low on memory & disk", "low on memory", null], told);
    }

    [Theory]
    [InlineData("max\n", 8_388_608_000)]
    [InlineData("536870912\n", 536_870_912)]
    [InlineData("9223372036854771712\n", 8_388_608_000)]
    public void The_memory_there_is_is_the_machines_or_that_of_the_control_group(string group, long total)
    {
        Dictionary<string, string> files = new()
        {
            ["/proc/meminfo"] = "MemTotal:        8192000 kB\nMemFree:         1000 kB\n", ["/sys/fs/cgroup/memory.max"] = group,
        };

        Assert.Equal(total, MemoryProbe.TotalOf(1, file => files[file], files.ContainsKey));
        Assert.Equal(1, MemoryProbe.TotalOf(1, file => files[file], _ => false));
    }

    [Fact]
    public void The_process_knows_its_own_memory()
    {
        MemoryProbe probe = MemoryProbe.OfProcess();

        Assert.InRange(probe.UsedBytes(), 1024 * 1024, probe.TotalBytes);
    }

    public void Dispose() => _log.Dispose();

    private MemoryAlarm Alarm(MemoryOptions? options = null, Action? giveBack = null) => new(
        options ?? new MemoryOptions(),
        new MemoryProbe(
            () => _used,
            1000,
            () =>
            {
                _collections++;
                giveBack?.Invoke();
            }),
        _board,
        _time,
        _log);
}
