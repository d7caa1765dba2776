namespace Quintet.Commands.Brokers;

/// <summary>Says on standard error every few seconds how far a long work is; a short one says nothing.</summary>
internal sealed class Progress(string what, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private long _last = time.GetTimestamp();
    private long _said;

    public async Task CountAsync(long done)
    {
        if (done == _said || time.GetElapsedTime(_last) < Interval) return;
        (_last, _said) = (time.GetTimestamp(), done);
        await System.Console.Error.WriteLineAsync($"{done} {what} so far");
    }
}
