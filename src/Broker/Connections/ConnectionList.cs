using System.Collections.Concurrent;
using Quintet.Broker.Statistics;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Connections;

/// <summary>The open connections, and whether their publishers are held back at the moment.</summary>
internal sealed class ConnectionList
{
    private readonly ConcurrentDictionary<string, Connection> _byName = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly ChurnStats _churn;
    private TaskCompletionSource? _unblocked;
    private int _sockets;
    private string? _farewell;

    public ConnectionList(BrokerNode node)
    {
        _churn = node.Churn;
        node.PublishersBlocked += OnPublishersBlocked;
        if (node.Store.State == Storage.StorageState.SpaceLow) OnPublishersBlocked("low on disk");
    }

    public ICollection<Connection> All => _byName.Values;

    /// <summary>Why publishers are held back; null when they are not.</summary>
    public string? BlockedReason { get; private set; }

    public Connection? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Sockets that are open, those of clients still logging in among them.</summary>
    public int Sockets => Volatile.Read(ref _sockets);

    /// <summary>Counts a socket; false when there are too many, then it is not counted.</summary>
    public bool TryEnter(int most)
    {
        if (Interlocked.Increment(ref _sockets) <= most) return true;
        Interlocked.Decrement(ref _sockets);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _sockets);

    public void Add(Connection connection)
    {
        lock (_gate)
        {
            _byName[connection.Name] = connection;
            _churn.Count(Churn.ConnectionCreated);
            if (BlockedReason is { } reason) connection.TellBlocked(reason);
            if (_farewell is { } farewell) connection.Force(farewell);
        }
    }

    public void Remove(Connection connection)
    {
        if (_byName.TryRemove(new KeyValuePair<string, Connection>(connection.Name, connection))) _churn.Count(Churn.ConnectionClosed);
    }

    /// <summary>Closes every connection, and from now on each that has just logged in.</summary>
    public void ForceAll(string reason)
    {
        lock (_gate)
        {
            _farewell = reason;
            foreach (Connection connection in _byName.Values) connection.Force(reason);
        }
    }

    /// <summary>Completes when publishers may go on; at once in the normal case.</summary>
    public ValueTask UnblockedAsync(CancellationToken stop)
    {
        TaskCompletionSource? unblocked = Volatile.Read(ref _unblocked);
        return unblocked is null ? ValueTask.CompletedTask : new ValueTask(unblocked.Task.WaitAsync(stop));
    }

    private void OnPublishersBlocked(string? reason)
    {
        lock (_gate)
        {
            bool was = BlockedReason is not null;
            if (was == (reason is not null)) return;
            BlockedReason = reason;
            TaskCompletionSource? ended = _unblocked;
            Volatile.Write(ref _unblocked, reason is null ? null : new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            foreach (Connection connection in _byName.Values) connection.TellBlocked(reason);
            ended?.TrySetResult();
        }
    }
}
