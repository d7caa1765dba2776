using System.Diagnostics;

namespace Quintet.TestKit.Processes;

/// <summary>For what real processes do in their own time: a short poll, one generous deadline, and the last state in the failure.</summary>
public static class Eventually
{
    /// <summary>Generous enough for a loaded two-core machine; a test that passes does not wait for it.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>What one turn may take from the deadline: a machine that was suspended meanwhile does not use up the patience.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(5);

    /// <summary>Repeats <paramref name="probe"/> until it gives a value other than null; an exception counts as "not yet".</summary>
    public static async Task<T> GetAsync<T>(string what, Func<Task<T?>> probe, CancellationToken cancellation, TimeSpan? deadline = null)
        where T : class
    {
        TimeSpan limit = deadline ?? Deadline;
        TimeSpan waited = TimeSpan.Zero;
        string last = "nothing";
        while (true)
        {
            long turn = Stopwatch.GetTimestamp();
            try
            {
                if (await probe() is { } value) return value;
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                last = $"{fault.GetType().Name}: {fault.Message}";
            }

            if (waited > limit) throw new TimeoutException($"{what}: not within {limit}. Last: {last}");
            await Task.Delay(Pause, TimeProvider.System, cancellation);
            TimeSpan took = Stopwatch.GetElapsedTime(turn);
            waited += took < LongestTurn ? took : LongestTurn;
        }
    }

    /// <summary>Repeats <paramref name="probe"/> until it is true. <paramref name="state"/> tells what was seen last.</summary>
    public static async Task TrueAsync(
        string what, Func<Task<bool>> probe, CancellationToken cancellation, Func<string>? state = null, TimeSpan? deadline = null)
    {
        try
        {
            await GetAsync(what, async () => await probe() ? "yes" : null, cancellation, deadline);
        }
        catch (TimeoutException late) when (state is not null)
        {
            throw new TimeoutException($"{late.Message} State: {state()}", late);
        }
    }
}
