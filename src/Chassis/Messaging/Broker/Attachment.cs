using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Chassis.Messaging.Broker;

/// <summary>A consumer on its channel, and the deliveries it has in hand.</summary>
internal sealed class Attachment(IChannel channel, TimeProvider time)
{
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inHand = 1; // one for the attachment itself, given back in FinishAsync

    public string? Tag { get; set; }

    public async Task RunAsync(Func<Task> take)
    {
        Interlocked.Increment(ref _inHand);
        try
        {
            await take();
        }
        finally
        {
            GiveBack();
        }
    }

    /// <summary>Takes no more deliveries, waits so long for those in hand, and closes the channel.</summary>
    public async Task FinishAsync(TimeSpan finishMax)
    {
        try
        {
            if (channel.IsOpen && Tag is not null) await channel.BasicCancelAsync(Tag);
        }
        catch (Exception fault) when (fault is OperationInterruptedException or OperationCanceledException or IOException)
        {
            // The channel has ended by itself, and with it the consumer.
        }

        GiveBack();
        await Task.WhenAny(_idle.Task, Task.Delay(finishMax, time));
        await channel.DisposeAsync();
    }

    private void GiveBack()
    {
        if (Interlocked.Decrement(ref _inHand) == 0) _idle.TrySetResult();
    }
}
