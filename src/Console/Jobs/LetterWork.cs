using Quintet.Console.Access;
using Quintet.Console.DeadLetters;
using Quintet.Console.Parts;
using Quintet.Console.Records;

namespace Quintet.Console.Jobs;

/// <summary>A piece of work on the letters of one queue, as it goes: it goes on whoever looks, and is looked at by everybody. Thread-safe.</summary>
/// <param name="queue">Where the letters are.</param>
/// <param name="deed">What is done.</param>
/// <param name="actor">Who does it.</param>
/// <param name="changed">Told after each step, on the thread that took it.</param>
/// <param name="stopping">The console ends.</param>
internal sealed class LetterWork(string queue, Deed deed, Actor actor, Action changed, CancellationToken stopping) : IDisposable
{
    /// <summary>What became of so many is kept for the page; the sums count all.</summary>
    public const int FatesMax = 1000;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly Queue<LetterFate> _fates = [];
    private readonly SortedDictionary<string, long> _sent = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _kept = new(StringComparer.Ordinal);
    private long _discarded;
    private LetterProgress _progress = new(0, 0);

    public string Queue => queue;

    public Deed Deed => deed;

    public Actor Actor => actor;

    public CancellationToken Stopping => _stop.Token;

    /// <summary>What the work on the letters is to tell.</summary>
    public LetterReport Report => new(Tell, LookedAsync);

    public bool IsOver { get; private set; }

    /// <summary>Why it ended early; null when it did not.</summary>
    public string? Fault { get; private set; }

    public LetterProgress Progress
    {
        get { lock (_gate) return _progress; }
    }

    /// <summary>What became of each, the last one first.</summary>
    public IReadOnlyList<LetterFate> Fates
    {
        get { lock (_gate) return [.. _fates.Reverse()]; }
    }

    /// <summary>What came of it up to now.</summary>
    public string Summary
    {
        get
        {
            lock (_gate)
            {
                IEnumerable<string> sentences = _sent.Select(to => $"{Figures.Count(to.Value, "message")} went to {to.Key}.")
                    .Concat(_discarded > 0 ? [$"{Figures.Count(_discarded, "message")} discarded."] : [])
                    .Concat(_kept.Select(reason => $"{Figures.Count(reason.Value, "message")} stayed: {reason.Key}."));
                return string.Join(' ', sentences.DefaultIfEmpty("There was no such message."));
            }
        }
    }

    /// <summary>Ends it between two letters.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (!IsOver) _stop.CancelAsync();
        }
    }

    private void Tell(LetterFate fate)
    {
        lock (_gate)
        {
            _fates.Enqueue(fate);
            if (_fates.Count > FatesMax) _fates.Dequeue();
            if (fate.To is { } to) _sent[to] = _sent.GetValueOrDefault(to) + 1;
            else if (fate.Kept is { } reason) _kept[reason] = _kept.GetValueOrDefault(reason) + 1;
            else _discarded++;
        }
    }

    private Task LookedAsync(long count, long total)
    {
        lock (_gate) _progress = new LetterProgress(count, total);
        changed();
        return Task.CompletedTask;
    }

    public void End(string? fault)
    {
        lock (_gate) (Fault, IsOver) = (fault, true);
        changed();
    }

    public void Dispose() => _stop.Dispose();
}

/// <summary>How many letters were looked at, and how many there are.</summary>
internal sealed record LetterProgress(long Looked, long Total);
