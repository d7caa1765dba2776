namespace Quintet.Broker.Storage;

/// <summary>The state of the store and the reasons for it. Thread-safe; raises outside its lock.</summary>
internal sealed class StorageHealth
{
    private readonly Lock _gate = new();
    private readonly string?[] _problems = new string?[Enum.GetValues<SpaceProblem>().Length];
    private volatile StorageState _state = StorageState.Open;
    private string _reason = "";
    private Exception? _failure;

    /// <summary>May be raised from two threads at once: the argument is news, <see cref="State"/> is the truth.</summary>
    public event Action<StorageState, string>? Changed;

    public StorageState State => _state;

    public string Reason
    {
        get
        {
            lock (_gate)
                return _reason;
        }
    }

    /// <summary>Sets or, with null, clears one reason to hold publishers back.</summary>
    public void Report(SpaceProblem problem, string? reason)
    {
        lock (_gate)
        {
            _problems[(int)problem] = reason;
            if (_state is StorageState.Failed or StorageState.Closed)
                return;
            string? first = Array.Find(_problems, text => text is not null);
            StorageState state = first is null ? StorageState.Open : StorageState.SpaceLow;
            if (state == _state)
                return;
            _state = state;
            _reason = first ?? "";
        }

        Changed?.Invoke(State, Reason);
    }

    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            if (_state is StorageState.Failed or StorageState.Closed)
                return;
            _failure = failure;
            _reason = failure.Message;
            _state = StorageState.Failed;
        }

        Changed?.Invoke(StorageState.Failed, failure.Message);
    }

    public void Close()
    {
        lock (_gate)
        {
            if (_state == StorageState.Failed)
                return;
            _state = StorageState.Closed;
            _reason = "the store is closed";
        }
    }

    public void ThrowIfDown()
    {
        if (_state is StorageState.Failed or StorageState.Closed)
            throw Down();
    }

    public StorageFailedException Down()
    {
        lock (_gate)
            return new StorageFailedException(_failure is null ? "the store is closed" : $"the store failed: {_reason}", _failure);
    }
}

/// <summary>Why there is no room for more messages.</summary>
internal enum SpaceProblem
{
    /// <summary>Free space is under the limit.</summary>
    UnderLimit,

    /// <summary>The next segment cannot be made.</summary>
    NoSegment,

    /// <summary>A write found the disk full.</summary>
    WriteRefused,

    /// <summary>A write to a stream found the disk full.</summary>
    StreamRefused,

    /// <summary>Settled messages cannot be taken off the disk.</summary>
    NotGivenBack,

    /// <summary>Live messages cannot be moved out of a segment that is mostly settled: most likely it cannot be read.</summary>
    NotCompacted,
}
