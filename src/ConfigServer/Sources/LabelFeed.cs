namespace Quintet.ConfigServer.Sources;

/// <summary>
/// One label that somebody asked for: what it stands for now, and a signal for the moment it stands for something else. Written by
/// <see cref="Labels"/> under its gate, read by anyone.
/// </summary>
internal sealed class LabelFeed(string name, LabelKind kind)
{
    private Moment moment = new(new LabelView(null, null));
    private int watchers;

    public string Name { get; } = name;

    public LabelKind Kind { get; } = kind;

    /// <summary>The commit looked at last, good or not. Guarded by the gate of <see cref="Labels"/>.</summary>
    public string? CommitSeen { get; set; }

    /// <summary>When a request used it last, as a timestamp of the time provider.</summary>
    public long UsedAt { get; set; }

    public LabelView View => Volatile.Read(ref moment).View;

    public bool IsWatched => Volatile.Read(ref watchers) > 0;

    /// <summary>The view and a task that completes when another view has taken its place; both belong together.</summary>
    public (LabelView View, Task Replaced) Observe()
    {
        Moment now = Volatile.Read(ref moment);
        return (now.View, now.Replaced.Task);
    }

    public void Publish(LabelView view) => Interlocked.Exchange(ref moment, new Moment(view)).Replaced.SetResult();

    public void BeginWatch() => Interlocked.Increment(ref watchers);

    public void EndWatch() => Interlocked.Decrement(ref watchers);

    private sealed record Moment(LabelView View)
    {
        // Many watchers may wait: their work must not run on the thread that publishes.
        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
