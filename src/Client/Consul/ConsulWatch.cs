using System.Runtime.CompilerServices;

namespace Quintet.Client.Consul;

/// <summary>
/// Follows a read of the registry with blocking queries, by the client rules of Consul's documentation (Blocking Queries): wait on the
/// last index, start over when it goes backwards or is missing, and never ask in a tight loop.
/// </summary>
public sealed class ConsulWatch
{
    // An early answer without news, or without an index to wait on, is a server that does not block: poll it, gently.
    private static readonly TimeSpan PollPause = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait of one query. Default 30 s: short enough that a peer that vanished without a word is noticed.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The least time between the starts of two queries, for a server whose index races. Default 50 ms.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The first wait after a failure, doubled with each further one. Default 100 ms; the real wait is a random half to whole of it.</summary>
    public TimeSpan RetryFirst { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait after a failure. Default 2 s.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Called after each failed query with the fault and how many failed in a row. It must not throw.</summary>
    public Action<ConsulException, int>? Failed { get; init; }

    /// <summary>The clock of the pauses.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// The first answer, and then each answer with another index. After a failure the next answer is given even if its index is the
    /// old one: the registry may have been replaced. Ends only by <paramref name="cancellation"/>, with <see cref="OperationCanceledException"/>.
    /// </summary>
    /// <param name="query">The read, which passes on the <see cref="Blocking"/> it is given.</param>
    /// <param name="cancellation">Ends the watch.</param>
    public async IAsyncEnumerable<T> FollowAsync<T>(
        Func<Blocking, CancellationToken, Task<Indexed<T>>> query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ulong index = 0;
        int failures = 0;
        while (true)
        {
            long started = Time.GetTimestamp();
            Indexed<T> answer = default;
            bool answered = false;
            try
            {
                answer = await query(new Blocking(index, Wait), cancellation);
                answered = true;
                failures = 0;
            }
            catch (ConsulException fault)
            {
                Failed?.Invoke(fault, ++failures);
            }

            if (!answered)
            {
                // A registry that lost its state counts from the start again, and would let a query for the old index wait its full
                // time; so the next question is a plain one.
                index = 0;
                await Task.Delay(Backoff(failures), Time, cancellation);
                continue;
            }

            bool isNews = index == 0 || answer.Index != index;
            if (isNews) yield return answer.Value;
            index = answer.Index < index ? 0 : answer.Index;
            TimeSpan pause = (isNews && answer.Index > 0 ? Pause : PollPause) - Time.GetElapsedTime(started);
            if (pause > TimeSpan.Zero) await Task.Delay(pause, Time, cancellation);
        }
    }

    private TimeSpan Backoff(int failures)
    {
        double limit = Math.Min(RetryMax.TotalMilliseconds, RetryFirst.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 20)));
        return TimeSpan.FromMilliseconds(limit * (0.5 + Random.Shared.NextDouble() / 2));
    }
}
