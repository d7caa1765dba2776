using System.Collections.Concurrent;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Parameters;
using Quintet.Broker.Statistics;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Connections;

/// <summary>The open connections, and whether their publishers are held back at the moment.</summary>
internal sealed class ConnectionList
{
    private readonly ConcurrentDictionary<string, Connection> _byName = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly ChurnStats _churn;
    private readonly BrokerNode _node;
    private readonly Users _users;
    private TaskCompletionSource? _unblocked;
    private int _sockets;
    private string? _farewell;

    public ConnectionList(BrokerNode node, Users users)
    {
        _churn = node.Churn;
        (_node, _users) = (node, users);
        node.VirtualHosts.Deleted += name => Close(connection => connection.Facts.Vhost == name, $"vhost '{name}' is deleted");
        users.Deleted += name => _ = Close(connection => connection.Facts.User == name, $"user '{name}' is deleted");
        node.Alarms.Changed += OnAlarm;
        if (node.Alarms.Reason is { } reason) OnAlarm(reason);
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

    /// <summary>Takes a connection in and tells it so; open-ok comes before connection.blocked.</summary>
    /// <exception cref="AmqpException">530: its virtual host or user went away while it logged in, or a limit of theirs is reached.</exception>
    public void Add(Connection connection, byte[] openOk)
    {
        lock (_gate)
        {
            RequireRoom(connection);
            _byName[connection.Name] = connection;
            _churn.Count(Churn.ConnectionCreated);
            connection.Outgoing.Send(openOk);
            if (BlockedReason is { } reason) connection.TellBlocked(reason);
            if (_farewell is { } farewell) connection.Force(farewell);
        }
    }

    /// <summary>Refuses a channel above the node's limit or the user's max-channels. Two connections that open one at the same moment may come to
    /// one more.</summary>
    public void RequireRoomForChannel(string user)
    {
        int mostInAll = _node.Room.Limits.ChannelsInAll;
        if (_churn[Churn.ChannelCreated] - _churn[Churn.ChannelClosed] >= mostInAll)
            throw new AmqpException(
                ReplyCode.NotAllowed,
                $"number of channels opened on node '{NodeName.Own}' has reached the maximum allowed limit of ({mostInAll})", 0);
        if (_users.Find(user)?.Settings.Limits.Channels is not { } most) return;
        if (_byName.Values.Where(connection => connection.Facts.User == user).Sum(connection => connection.Channels.Count) >= most)
            throw new AmqpException(
                ReplyCode.NotAllowed, $"number of channels opened for user '{user}' has reached the maximum allowed user limit of ({most})", 0);
    }

    public void Remove(Connection connection)
    {
        if (!_byName.TryRemove(new KeyValuePair<string, Connection>(connection.Name, connection))) return;
        _churn.Count(Churn.ConnectionClosed);
        connection.WasRemoved();
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

    // Who was told why stays told when another reason comes along, as in RabbitMQ.
    private void OnAlarm(string? reason)
    {
        lock (_gate)
        {
            bool was = BlockedReason is not null;
            BlockedReason = reason;
            if (was == (reason is not null)) return;
            TaskCompletionSource? ended = _unblocked;
            Volatile.Write(ref _unblocked, reason is null ? null : new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            foreach (Connection connection in _byName.Values) connection.TellBlocked(reason);
            ended?.TrySetResult();
        }
    }

    private void RequireRoom(Connection connection)
    {
        (string user, string vhost) = (connection.Facts.User, connection.Facts.Vhost);
        if (_node.FindVhost(vhost) != connection.Vhost) throw Refused($"vhost {vhost} not found");
        if (_users.Find(user) is not { } known) throw Refused($"access to vhost '{vhost}' refused for user '{user}'");
        if (connection.Vhost.Settings.ConnectionsMax is { } most && _byName.Values.Count(other => other.Facts.Vhost == vhost) >= most)
            throw Refused($"access to vhost '{vhost}' refused for user '{user}': connection limit ({most}) is reached");
        if (known.Settings.Limits.Connections is { } mostOfUser && _byName.Values.Count(other => other.Facts.User == user) >= mostOfUser)
            throw Refused($"connection refused for user '{user}': user connection limit ({mostOfUser}) is reached");
    }

    private static AmqpException Refused(string reason) => new(ReplyCode.NotAllowed, reason, MethodId.ConnectionOpen);

    // Whoever is added later finds the virtual host or user gone.
    private Task Close(Func<Connection, bool> isConcerned, string reason)
    {
        Connection[] concerned;
        lock (_gate) concerned = [.. _byName.Values.Where(isConcerned)];
        foreach (Connection connection in concerned) connection.Force(reason);
        return Task.CompletedTask;
    }
}
