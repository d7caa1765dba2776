using System.Collections.Concurrent;
using Quintet.Client.Consul;
using Xunit;

namespace Quintet.Client.Tests.Consul;

public sealed class ConsulWatchFollows
{
    private readonly LeapingTime _time = new();
    private readonly ConcurrentQueue<Blocking> _asked = new();
    private readonly ConcurrentQueue<Func<Indexed<string>>> _script = new();
    private readonly ConcurrentQueue<int> _failures = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_gives_each_answer_with_a_new_index_once()
    {
        Script(("a", 5), ("a", 5), ("b", 7));

        Assert.Equal(["a", "b"], await TakeAsync(2));
        Assert.Equal([0ul, 5ul, 5ul], _asked.Select(asked => asked.Index));
    }

    [Fact]
    public async Task It_starts_over_when_the_index_goes_back()
    {
        Script(("a", 500), ("fresh", 3), ("fresh", 3), ("b", 4));

        Assert.Equal(["a", "fresh", "fresh", "b"], await TakeAsync(4));
        Assert.Equal([0ul, 500ul, 0ul, 3ul], _asked.Select(asked => asked.Index));
    }

    [Fact]
    public async Task After_a_failure_it_asks_without_waiting_and_gives_the_answer_even_with_the_old_index()
    {
        Script(("a", 5));
        Fail();
        Fail();
        Script(("a", 5));

        Assert.Equal(["a", "a"], await TakeAsync(2));
        Assert.Equal([0ul, 5ul, 0ul, 0ul], _asked.Select(asked => asked.Index));
        Assert.Equal([1, 2], _failures);
    }

    [Fact]
    public async Task Failures_are_spaced_out_up_to_the_limit()
    {
        for (int i = 0; i < 12; i++) Fail();
        Script(("a", 5));
        DateTimeOffset start = _time.GetUtcNow();

        await TakeAsync(1);

        // 100 ms doubled to 2 s, each a random half to whole of it: twelve take between 8.5 s and 17.1 s.
        Assert.InRange((_time.GetUtcNow() - start).TotalSeconds, 8.5, 17.1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task A_server_that_does_not_block_is_not_asked_in_a_tight_loop(int index)
    {
        for (int i = 0; i < 10; i++) Script(("a", (ulong)index));
        Script(("end", 99));
        DateTimeOffset start = _time.GetUtcNow();

        await TakeAsync(index == 0 ? 11 : 2);

        Assert.InRange((_time.GetUtcNow() - start).TotalSeconds, 9, 11);
    }

    [Fact]
    public async Task An_index_that_races_is_followed_at_a_bounded_pace()
    {
        for (int i = 1; i <= 100; i++) Script(($"{i}", (ulong)i));
        DateTimeOffset start = _time.GetUtcNow();

        await TakeAsync(100);

        Assert.InRange((_time.GetUtcNow() - start).TotalSeconds, 4.9, 5.0);
    }

    [Fact]
    public async Task It_ends_by_cancellation()
    {
        using CancellationTokenSource end = new();
        Script(("a", 5));
        ConsulWatch watch = new() { Time = _time };
        List<string> answers = [];

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (string answer in watch.FollowAsync(AskAsync, end.Token))
            {
                answers.Add(answer);
                await end.CancelAsync();
            }
        });

        Assert.Equal(["a"], answers);
    }

    private async Task<List<string>> TakeAsync(int count)
    {
        ConsulWatch watch = new() { Time = _time, Failed = (_, failures) => _failures.Enqueue(failures) };
        List<string> answers = [];
        await foreach (string answer in watch.FollowAsync(AskAsync, Cancellation))
        {
            answers.Add(answer);
            if (answers.Count == count) break;
        }

        return answers;
    }

    private void Script(params (string Value, ulong Index)[] answers)
    {
        foreach ((string value, ulong index) in answers) _script.Enqueue(() => new(value, index));
    }

    private void Fail() => _script.Enqueue(() => throw new ConsulException("away"));

    private Task<Indexed<string>> AskAsync(Blocking blocking, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _asked.Enqueue(blocking);
        return _script.TryDequeue(out Func<Indexed<string>>? answer)
            ? Task.FromResult(answer())
            : Task.FromCanceled<Indexed<string>>(new CancellationToken(true));
    }

    /// <summary>Time that leaps to the end of every sleep, so that a pause is measured and not waited for.</summary>
    private sealed class LeapingTime : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Add(ref _ticks, dueTime.Ticks);
            ThreadPool.QueueUserWorkItem(_ => callback(state));
            return new Past();
        }

        private sealed class Past : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
