namespace Quintet.EndToEnd.Drills;

/// <summary>One kind of fault.</summary>
/// <param name="Name">For the log: <c>kill broker</c>.</param>
/// <param name="DoAsync">Does it, for the given time where it has a length, and undoes what nobody else undoes.</param>
internal sealed record Fault(string Name, Func<TimeSpan, CancellationToken, Task> DoAsync)
{
    /// <summary>
    /// Begins something, lets it last, and ends it in any case. How long it lasts is the fault itself and waits for nothing: heartbeats and leases
    /// are to run out in it.
    /// </summary>
    public static async Task LastAsync(Action begin, Action end, TimeSpan length, CancellationToken cancellation)
    {
        begin();
        try
        {
            await Task.Delay(length, TimeProvider.System, cancellation);
        }
        finally
        {
            end();
        }
    }
}
