using Quintet.Registry.Tables;

namespace Quintet.Registry.Storage;

/// <summary>A write on its way: made on the writer's thread, answered after the sync.</summary>
internal abstract class PendingWrite
{
    /// <summary>Makes the write; false when it refused itself, and its caller knows already.</summary>
    public abstract bool TryMake(Draft draft);

    /// <summary>Gives the caller its result: the write is durable and visible.</summary>
    public abstract void Answer();

    public abstract void Refuse(Exception reason);
}

/// <inheritdoc/>
internal sealed class PendingWrite<T>(Func<Draft, T> change, int weightBytes) : PendingWrite
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Task => _answer.Task;

    public int WeightBytes => weightBytes;

    public override bool TryMake(Draft draft)
    {
        try
        {
            _result = change(draft);
            return true;
        }
        catch (Exception reason) // whatever one caller's change throws is that caller's, and must not end the writer
        {
            _answer.TrySetException(reason);
            return false;
        }
    }

    public override void Answer() => _answer.TrySetResult(_result!);

    public override void Refuse(Exception reason) => _answer.TrySetException(reason);
}

/// <summary>A write that was not made, and never will be.</summary>
internal sealed class WriteRefusedException(string reason) : Exception(reason)
{
    /// <summary>Trying again later may help.</summary>
    public bool IsOverload { get; init; }
}
