using System.Text;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Limits;

/// <summary>
/// How much has been declared in all virtual hosts together, and how much may be. Who declares in two virtual hosts at the same moment may come to
/// one more: room is asked for under the gate of one.
/// </summary>
internal sealed class TopologyRoom(LimitOptions limits)
{
    private const int NameBytesMax = 255;

    private int _queues;
    private int _exchanges;
    private int _bindings;

    public LimitOptions Limits => limits;

    /// <exception cref="AmqpException">406, in RabbitMQ's words.</exception>
    public void RequireQueue(string name, FieldTable arguments, (string Name, long? QueuesMax, int Queues) vhost)
    {
        RequireShort(name);
        RequireSmall(arguments);
        if (vhost.QueuesMax is { } most && vhost.Queues >= most)
            throw Refused($"cannot declare queue '{name}': queue limit in vhost '{vhost.Name}' ({most}) is reached");
        if (Volatile.Read(ref _queues) >= limits.Queues) throw Refused($"cannot declare queue '{name}': queue limit in cluster ({limits.Queues}) is reached");
    }

    /// <exception cref="AmqpException">406, in RabbitMQ's words.</exception>
    public void RequireExchange(string name, string vhost, FieldTable arguments)
    {
        RequireShort(name);
        RequireSmall(arguments);
        if (Volatile.Read(ref _exchanges) >= limits.Exchanges)
            throw Refused($"cannot declare exchange '{name}' in vhost '{vhost}': exchange limit of {limits.Exchanges} is reached");
    }

    /// <exception cref="AmqpException">406.</exception>
    public void RequireBinding(string source, string destination, string routingKey, FieldTable arguments)
    {
        RequireShort(routingKey);
        RequireSmall(arguments);
        if (Volatile.Read(ref _bindings) >= limits.Bindings)
            throw Refused($"cannot bind '{destination}' to exchange '{source}': binding limit of {limits.Bindings} is reached");
    }

    /// <exception cref="AmqpException">406: the arguments, which are kept, are too large.</exception>
    public void RequireSmall(FieldTable arguments)
    {
        if (arguments.Count == 0) return;
        int octets = FieldTableWriter.Encode(arguments).Length;
        if (octets > limits.ArgumentBytes) throw Refused($"arguments of {octets} octets are larger than configured max size {limits.ArgumentBytes}");
    }

    public void QueuesChanged(int by) => Interlocked.Add(ref _queues, by);

    public void ExchangesChanged(int by) => Interlocked.Add(ref _exchanges, by);

    public void BindingsChanged(int by) => Interlocked.Add(ref _bindings, by);

    // AMQP has no room for longer ones (shortstr); the management API does.
    private static void RequireShort(string name)
    {
        int octets = Encoding.UTF8.GetByteCount(name);
        if (octets > NameBytesMax) throw Refused($"a name or routing key of {octets} octets is longer than {NameBytesMax}");
    }

    private static AmqpException Refused(string reason) => new(ReplyCode.PreconditionFailed, reason);
}
