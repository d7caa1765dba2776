using System.Text.Json;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Messaging.Events;

namespace Quintet.Chassis.Sagas;

/// <summary>Something that takes several services to do, without a transaction over them. Derive from <see cref="Saga{TData}"/>.</summary>
public abstract class Saga
{
    private protected Saga()
    {
    }

    /// <summary>Its name, unique in the service: <c>user-deletion</c>. Kept in the database; a published name stays.</summary>
    public abstract string Kind { get; }

    /// <summary>The step's answer is late: it is done again, or the saga is undone. Nothing is saved yet.</summary>
    internal abstract Task TimeOutAsync(SagaRow row, CancellationToken cancellation);
}

/// <summary>
/// A process manager: a durable state machine over the <see cref="Steps"/>, in order. Each does something in this service, or asks another
/// service by an event and waits for the answer, which a handler hands to <see cref="ConfirmAsync"/> or <see cref="RefuseAsync"/>. A refusal, and
/// an answer that does not come in spite of asking again, undoes the steps from the last to the first. Scoped; nothing is saved before the
/// caller saves: a run's state, the changes and the events of a step are one transaction.
/// </summary>
/// <typeparam name="TData">What a run is about; stored as JSON.</typeparam>
public abstract class Saga<TData>(SagaStore store) : Saga
    where TData : class
{
    /// <summary>The steps. Their names, order and meaning must stay for as long as runs are under way.</summary>
    protected abstract IReadOnlyList<SagaStep<TData>> Steps { get; }

    /// <summary>Begins a run: does the steps up to the first that awaits an answer.</summary>
    /// <returns>The run's id.</returns>
    public async Task<string> StartAsync(TData data, CancellationToken cancellation)
    {
        DateTimeOffset now = store.Time.GetUtcNow();
        SagaRow row = new()
        {
            Id = Guid.CreateVersion7(now).ToString(),
            Kind = Kind,
            Step = Steps[0].Name,
            Data = JsonSerializer.Serialize(data, EventEnvelope.DataOptions),
            StartedAt = now,
            ChangedAt = now,
            History = "[]",
        };
        store.Rows.Add(row);
        await AdvanceAsync(row, 0, cancellation);
        return row.Id;
    }

    /// <summary>The answer to a step: it is done, and the next one follows.</summary>
    /// <returns>False when the run does not wait for it: an answer that came twice, or too late.</returns>
    public async Task<bool> ConfirmAsync(string id, string step, CancellationToken cancellation)
    {
        if (await WaitingAsync(id, step, cancellation) is not { } row) return false;
        Note(row, $"{step}: confirmed");
        await AdvanceAsync(row, IndexOf(step) + 1, cancellation);
        return true;
    }

    /// <summary>The answer to a step: it cannot be done, and everything is undone.</summary>
    /// <returns>As for <see cref="ConfirmAsync"/>.</returns>
    public async Task<bool> RefuseAsync(string id, string step, string reason, CancellationToken cancellation)
    {
        if (await WaitingAsync(id, step, cancellation) is not { } row) return false;
        Note(row, $"{step}: refused");
        await UndoAsync(row, reason, cancellation);
        return true;
    }

    internal override async Task TimeOutAsync(SagaRow row, CancellationToken cancellation)
    {
        SagaStep<TData> step = Steps[IndexOf(row.Step)];
        if (row.Tries >= step.TriesMax)
        {
            await UndoAsync(row, $"no answer to {step.Name} after {row.Tries} tries", cancellation);
            return;
        }

        Note(row, $"{step.Name}: no answer, asked again");
        await AskAsync(row, step, cancellation);
    }

    private async Task AdvanceAsync(SagaRow row, int first, CancellationToken cancellation)
    {
        (row.DueAt, row.Tries) = (null, 0);
        foreach (SagaStep<TData> step in Steps.Skip(first))
        {
            row.Step = step.Name;
            Note(row, step.AnswerWithin is null ? $"{step.Name}: done" : $"{step.Name}: asked");
            await AskAsync(row, step, cancellation);
            if (step.AnswerWithin is not null) return;
        }

        End(row, SagaState.Completed);
    }

    private async Task AskAsync(SagaRow row, SagaStep<TData> step, CancellationToken cancellation)
    {
        await step.DoAsync(RunOf(row), cancellation);
        if (step.AnswerWithin is not { } patience) return;
        row.Tries++;
        row.DueAt = store.Time.GetUtcNow() + patience;
    }

    private async Task UndoAsync(SagaRow row, string reason, CancellationToken cancellation)
    {
        foreach (SagaStep<TData> step in Steps.Take(IndexOf(row.Step) + 1).Reverse())
        {
            if (step.UndoAsync is not { } undo) continue;
            await undo(RunOf(row), cancellation);
            Note(row, $"{step.Name}: undone");
        }

        row.Reason = reason;
        End(row, SagaState.Undone);
    }

    private void End(SagaRow row, SagaState state)
    {
        (row.State, row.DueAt) = (state, null);
        Tracing.SagasEnded.Add(1, new KeyValuePair<string, object?>("kind", Kind), new KeyValuePair<string, object?>("outcome", state.ToString()));
    }

    private async Task<SagaRow?> WaitingAsync(string id, string step, CancellationToken cancellation) =>
        await store.Rows.FindAsync([id], cancellation) is { State: SagaState.Running } row && row.Kind == Kind && row.Step == step ? row : null;

    private void Note(SagaRow row, string what)
    {
        row.ChangedAt = store.Time.GetUtcNow();
        row.History = SagaHistory.Add(row.History, row.ChangedAt, what);
        row.Version++;
    }

    private int IndexOf(string name)
    {
        for (int i = 0; i < Steps.Count; i++)
            if (Steps[i].Name == name) return i;
        throw new InvalidOperationException($"the saga {Kind} has no step '{name}'; a step stays for as long as runs are at it");
    }

    private static SagaRun<TData> RunOf(SagaRow row) => new(row.Id, JsonSerializer.Deserialize<TData>(row.Data, EventEnvelope.DataOptions)!);
}
