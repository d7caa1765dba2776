namespace Quintet.TestKit.Processes;

/// <summary>For the double of somebody who does not answer.</summary>
public static class Hang
{
    /// <summary>Waits until nobody waits for it any more, and no longer.</summary>
    public static Task UntilAsync(CancellationToken givenUp) => new TaskCompletionSource().Task.WaitAsync(givenUp);
}
