using System.Collections.Concurrent;
using Quintet.Console.Access;
using Quintet.Console.Parts;
using Quintet.Console.Records;

namespace Quintet.Console.Jobs;

/// <summary>The work on letters that goes on or was done last, at most one for each queue. The end of the console ends it between two letters.</summary>
internal sealed class LetterWorks(AuditLog audit, SystemFeed feed) : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<string, (LetterWork Work, Task Running)> _works = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Told of each step with the queue's name, on the thread that took it.</summary>
    public event Action<string>? Changed;

    /// <summary>What goes on in a queue or was done last; null when nothing was.</summary>
    public LetterWork? Of(string queue) => _works.TryGetValue(queue, out var found) ? found.Work : null;

    /// <summary>Begins it and returns; the page follows the work.</summary>
    /// <exception cref="ForbiddenException">The actor may not.</exception>
    /// <exception cref="ArgumentException">The queue's letters are worked on already.</exception>
    public async Task BeginAsync(string queue, Actor actor, Deed deed, Func<LetterWork, Task> does)
    {
        Task running;
        lock (_gate)
        {
            if (Of(queue) is { IsOver: false } other)
                throw new ArgumentException($"{other.Actor.Name} is at it: {other.Deed.Action} of '{queue}'. Wait for the end.");
            LetterWork work = new(queue, deed, actor, () => Changed?.Invoke(queue), _ending.Token);
            running = RunAsync(work, does);
            if (!running.IsFaulted) Keep(queue, work, running);
        }

        if (running.IsFaulted) await running;
        Changed?.Invoke(queue);
    }

    /// <summary>Ends it between two letters; the audit log has who did.</summary>
    /// <exception cref="ForbiddenException">The actor may not.</exception>
    public Task StopAsync(string queue, Actor actor) => Of(queue) is not { IsOver: false } work
        ? Task.CompletedTask
        : audit.DoAsync(actor, new Deed("stop", queue, $"{work.Deed.Action} by {work.Actor.Name}"), () =>
        {
            work.Stop();
            return Task.FromResult("It ends after the letter that it is at.");
        });

    /// <summary>Takes what is over off the page.</summary>
    public void Forget(string queue)
    {
        lock (_gate)
        {
            if (Of(queue) is { IsOver: true } && _works.TryRemove(queue, out var over)) over.Work.Dispose();
        }

        Changed?.Invoke(queue);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        foreach ((LetterWork work, Task running) in _works.Values)
        {
            await running;
            work.Dispose();
        }

        _ending.Dispose();
    }

    private void Keep(string queue, LetterWork work, Task running)
    {
        if (_works.TryGetValue(queue, out var before)) before.Work.Dispose();
        _works[queue] = (work, running);
    }

    // What keeps it from beginning is thrown at once; what ends it early is part of what came of it.
    private async Task RunAsync(LetterWork work, Func<LetterWork, Task> does)
    {
        bool hasBegun = false;
        try
        {
            await audit.DoAsync(work.Actor, work.Deed, async () =>
            {
                hasBegun = true;
                await Task.Run(() => DoAsync(work, does)); // not on the page that began it, which may be left
                return work.Summary;
            });
            work.End(null);
        }
        catch (Exception fault) when (hasBegun)
        {
            work.End(fault.Message);
        }
        finally
        {
            feed.AskNow();
        }
    }

    private static async Task DoAsync(LetterWork work, Func<LetterWork, Task> does)
    {
        try
        {
            await does(work);
        }
        catch (Exception fault) when (fault is OperationCanceledException || PartClients.IsOfPart(fault))
        {
            string why = work.Stopping.IsCancellationRequested ? "It was stopped" : $"It ended early: {fault.Message}";
            throw new LetterWorkException($"{why.TrimEnd('.')}. Before that: {work.Summary} The others stayed.", fault);
        }
    }
}

/// <summary>A piece of work on letters that ended early; the message says what came of it.</summary>
internal sealed class LetterWorkException(string message, Exception cause) : Exception(message, cause);
