namespace Quintet.Broker.Queues;

/// <summary>
/// Messages on their way from a queue to its dead-letter exchange, one after the other in the order they died, since each may have to be read
/// from the disk first. Until it is sent on, each is still stored under its queue: a crash loses none.
/// </summary>
internal sealed class DyingMessages(Queue queue, QueueServices services) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<(QueueEntry Entry, DeathReason Reason)> _waiting = new();
    private readonly CancellationTokenSource _stop = new();
    private Task? _sending;

    public int Count
    {
        get
        {
            lock (_gate) return _waiting.Count;
        }
    }

    public void Add(in QueueEntry entry, DeathReason reason)
    {
        lock (_gate)
        {
            _waiting.Enqueue((entry, reason));
            if (_sending is null or { IsCompleted: true }) _sending = Task.Run(SendAsync);
        }
    }

    /// <summary>Stops sending; what waits is still stored and found again at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task? sending;
        lock (_gate) sending = _sending;
        if (sending is not null) await sending;
        _stop.Dispose();
    }

    private async Task SendAsync()
    {
        try
        {
            while (TryPeek(out (QueueEntry Entry, DeathReason Reason) next))
            {
                if (await SendOneAsync(next.Entry, next.Reason)) Remove();
                else await Task.Delay(services.DeadLetterRetry, services.Time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async ValueTask<bool> SendOneAsync(QueueEntry entry, DeathReason reason)
    {
        try
        {
            return await services.SendDeadLetter(queue, entry, reason, _stop.Token);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            services.Failed(queue, failure);
            return false;
        }
    }

    private bool TryPeek(out (QueueEntry Entry, DeathReason Reason) next)
    {
        lock (_gate)
        {
            bool any = _waiting.TryPeek(out next);
            if (!any) _sending = null; // under the gate: whoever adds next starts a new one
            return any;
        }
    }

    private void Remove()
    {
        lock (_gate) _waiting.Dequeue();
    }
}
