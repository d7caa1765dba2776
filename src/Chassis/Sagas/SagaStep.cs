namespace Quintet.Chassis.Sagas;

/// <summary>One run of a saga, as its steps see it.</summary>
/// <param name="Id">The run's id; events that ask another service for something carry it, and so do the answers.</param>
/// <param name="Data">What the run is about, as it was started.</param>
public sealed record SagaRun<TData>(string Id, TData Data);

/// <summary>
/// A step of a saga. What it does and undoes are changes of the service's own database and events in its outbox, nothing else: they are saved
/// in one transaction with the run's state, and may be begun again when that fails.
/// </summary>
/// <param name="Name">For people and for the answers to it: <c>erase-notifications</c>. Kept in the database; a published name stays.</param>
/// <param name="DoAsync">Does it, or asks for it by an event. Called again with the same run when no answer came in time.</param>
public sealed record SagaStep<TData>(string Name, Func<SagaRun<TData>, CancellationToken, Task> DoAsync)
{
    /// <summary>Undoes it when this step or a later one is refused; null when there is nothing to undo.</summary>
    public Func<SagaRun<TData>, CancellationToken, Task>? UndoAsync { get; init; }

    /// <summary>How long an answer may take until the step is done once more; null when the step is over with <see cref="DoAsync"/>.</summary>
    public TimeSpan? AnswerWithin { get; init; }

    /// <summary>How often it is asked before the saga is undone. Default 5.</summary>
    public int TriesMax { get; init; } = 5;
}
