using Quintet.Broker.Storage;

namespace Quintet.Broker.Tests.Storage;

/// <summary>A publisher that remembers what was confirmed to it.</summary>
internal sealed class Confirms : DurabilityWaiter
{
    private readonly Lock _gate = new();
    private readonly List<(ulong Tag, TaskCompletionSource Told)> _waiting = [];

    public ulong Highest { get; private set; }

    public int Calls { get; private set; }

    /// <summary>The highest tag ever told was told last.</summary>
    public bool NeverWentBack { get; private set; } = true;

    public override void Durable(ulong highestTag)
    {
        lock (_gate)
        {
            NeverWentBack &= highestTag > Highest;
            Highest = highestTag;
            Calls++;
            foreach ((ulong tag, TaskCompletionSource told) in _waiting)
            {
                if (tag <= highestTag)
                    told.TrySetResult();
            }
        }
    }

    public Task Of(ulong tag)
    {
        lock (_gate)
        {
            if (Highest >= tag)
                return Task.CompletedTask;
            TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((tag, told));
            return told.Task;
        }
    }
}
