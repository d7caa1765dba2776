namespace Quintet.Chassis.Idempotency;

/// <summary>
/// Lets requests with the same key through one after another, so that the second, which is most often a client's retry while the first is
/// still at work, finds the answer of the first instead of doing everything in vain. Between instances the database decides.
/// </summary>
internal sealed class KeyTurns
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Turn> _turns = []; // guarded by _gate

    /// <summary>Waits for those who came before; the next may go when the returned turn is disposed of.</summary>
    public async Task<IDisposable> TakeAsync(string key, CancellationToken cancellation)
    {
        Turn turn;
        lock (_gate)
        {
            if (!_turns.TryGetValue(key, out turn!)) _turns[key] = turn = new Turn(this, key);
            turn.Users++;
        }

        try
        {
            await turn.Free.WaitAsync(cancellation);
            return turn;
        }
        catch
        {
            Leave(turn);
            throw;
        }
    }

    private void Leave(Turn turn)
    {
        lock (_gate)
        {
            if (--turn.Users > 0) return;
            _turns.Remove(turn.Key);
        }

        turn.Free.Dispose();
    }

    private sealed class Turn(KeyTurns turns, string key) : IDisposable
    {
        public string Key => key;

        public SemaphoreSlim Free { get; } = new(1, 1);

        public int Users { get; set; } // guarded by _gate

        public void Dispose()
        {
            Free.Release();
            turns.Leave(this);
        }
    }
}
