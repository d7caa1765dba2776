using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Quintet.Hosting.Memory;
using Xunit;

namespace Quintet.Hosting.Tests.Memory;

public sealed class QuietProcesses : IDisposable
{
    private const long MiB = 1024 * 1024;
    private readonly FakeTimeProvider _time = new();
    private readonly SemaphoreSlim _looked = new(0);
    private TimeSpan _worked;
    private long _held;
    private long _inUse;
    private int _collections;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _looked.Dispose();

    [Fact]
    public async Task Memory_that_a_burst_left_is_given_back_once()
    {
        using QuietLoop loop = await StartAsync();
        (_held, _inUse) = (400 * MiB, 20 * MiB);

        await LookAsync(TimeSpan.Zero);
        await LookAsync(TimeSpan.Zero);

        Assert.Equal((1, 20 * MiB), (_collections, _held));
    }

    [Fact]
    public async Task A_busy_process_is_left_alone()
    {
        using QuietLoop loop = await StartAsync();
        (_held, _inUse) = (400 * MiB, 20 * MiB);

        await LookAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(0, _collections);
    }

    [Fact]
    public async Task What_is_in_use_is_not_collected_again_and_again()
    {
        using QuietLoop loop = await StartAsync();
        (_held, _inUse) = (400 * MiB, 390 * MiB);

        for (int look = 0; look < 5; look++) await LookAsync(TimeSpan.Zero);

        Assert.Equal(1, _collections);
    }

    [Fact]
    public async Task A_small_heap_is_not_worth_it()
    {
        using QuietLoop loop = await StartAsync();
        (_held, _inUse) = (20 * MiB, 5 * MiB);

        await LookAsync(TimeSpan.Zero);

        Assert.Equal(0, _collections);
    }

    private async Task<QuietLoop> StartAsync()
    {
        ProcessMemory process = new(
            () =>
            {
                TimeSpan worked = _worked; // read before the test goes on and changes it
                _looked.Release();
                return worked;
            },
            () => _held,
            () =>
            {
                _collections++;
                _held = _inUse;
            });
        QuietLoop loop = new(_time, process, NullLogger<QuietLoop>.Instance);
        await loop.StartAsync(Cancellation);
        await _looked.WaitAsync(Cancellation);
        return loop;
    }

    // A look asks for the processor time when it begins and when it ends.
    private async Task LookAsync(TimeSpan worked)
    {
        _worked += worked;
        _time.Advance(QuietLoop.Interval);
        await _looked.WaitAsync(Cancellation);
        await _looked.WaitAsync(Cancellation);
    }
}
