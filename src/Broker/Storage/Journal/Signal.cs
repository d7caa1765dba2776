namespace Quintet.Broker.Storage.Journal;

/// <summary>Wakes one thread that has nothing to do. Setting it while the thread is busy costs a read.</summary>
internal sealed class Signal
{
    private readonly object _gate = new();
    private volatile bool _isSet;

    public void Set()
    {
        if (_isSet)
            return;
        lock (_gate)
        {
            _isSet = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Returns when set since the last return.</summary>
    public void Wait()
    {
        lock (_gate)
        {
            while (!_isSet)
                Monitor.Wait(_gate);
            _isSet = false;
        }
    }
}
