using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Connections;

/// <summary>Class queue: declare, bind, unbind, purge and delete. Every answer comes after the change is on disk.</summary>
internal static class QueueMethods
{
    public static ValueTask Declare(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short(); // ticket, a leftover of 0-8
        string name = ServerNames.OnOneLine(arguments.ShortString());
        bool passive = arguments.Bit(), durable = arguments.Bit(), exclusive = arguments.Bit(), autoDelete = arguments.Bit(), noWait = arguments.Bit();
        FieldTable table = arguments.Table();

        if (name.StartsWith(DirectReplies.PseudoQueue, StringComparison.Ordinal)) return DeclareReplies(channel, name, noWait);
        if (passive)
        {
            Queue known = channel.Vhost.GetQueue(name, channel.Connection);
            known.Touch(); // to ask for it is to use it: x-expires begins anew
            return DeclareOkAsync(channel, known, Task.CompletedTask, noWait);
        }

        QueueSettings declared = new()
        {
            Vhost = channel.Vhost.Name,
            Name = name.Length == 0 ? ServerNames.Queue() : name,
            IsDurable = durable,
            IsExclusive = exclusive,
            IsAutoDelete = autoDelete,
            Arguments = table,
        };
        RefuseName(channel, name, table);
        channel.Permissions.RequireQueue(Right.Configure, declared.Name);
        if (table.Text("x-dead-letter-exchange") is { } deadLetters)
        {
            channel.Permissions.RequireQueue(Right.Read, declared.Name);
            channel.Permissions.RequireExchange(Right.Write, deadLetters);
        }

        Queue queue = channel.Vhost.DeclareQueue(declared, channel.Connection, out Task change);
        return DeclareOkAsync(channel, queue, change, noWait);
    }

    public static ValueTask Bind(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short();
        (string name, string source, string key) = ReadBinding(channel, ref arguments);
        bool noWait = arguments.Bit();
        FieldTable table = arguments.Table();

        ExchangeMethods.RefuseDefault(source);
        channel.Permissions.RequireQueue(Right.Write, name);
        channel.Permissions.RequireExchange(Right.Read, source);
        Exchange exchange = channel.Vhost.GetExchange(source);
        Queue queue = channel.Vhost.GetQueue(name, channel.Connection);
        if (exchange is TopicExchange) channel.Permissions.RequireTopic(Right.Read, source, key);
        Binding binding = new(exchange, new Destination(queue, null), key, table);
        return ExchangeMethods.FinishAsync(channel, channel.Vhost.Bind(binding), noWait, MethodId.QueueBindOk);
    }

    public static ValueTask Unbind(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short();
        (string name, string source, string key) = ReadBinding(channel, ref arguments);
        FieldTable table = arguments.Table();

        ExchangeMethods.RefuseDefault(source);
        channel.Permissions.RequireQueue(Right.Write, name);
        channel.Permissions.RequireExchange(Right.Read, source);
        // Another connection's exclusive queue is locked only where there is something to unbind.
        Task change = channel.Vhost.FindExchange(source) is { } exchange && channel.Vhost.FindQueue(name) is { } queue
            ? channel.Vhost.Unbind(exchange, BindingKey.Of(new Destination(queue, null), key, table), channel.Connection)
            : Task.CompletedTask;
        return ExchangeMethods.FinishAsync(channel, change, noWait: false, MethodId.QueueUnbindOk);
    }

    public static ValueTask Purge(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short();
        string name = Named(channel, arguments.ShortString());
        bool noWait = arguments.Bit();

        channel.Permissions.RequireQueue(Right.Read, name);
        int purged = channel.Vhost.GetQueue(name, channel.Connection).Purge();
        if (!noWait) channel.Send(new MethodFrame(channel.Number, MethodId.QueuePurgeOk).Long((uint)purged));
        return ValueTask.CompletedTask;
    }

    public static ValueTask Delete(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short();
        string name = Named(channel, ServerNames.OnOneLine(arguments.ShortString()));
        bool ifUnused = arguments.Bit(), ifEmpty = arguments.Bit(), noWait = arguments.Bit();

        channel.Permissions.RequireQueue(Right.Configure, name);
        if (channel.Vhost.FindQueue(name) is not { } queue) return DeleteOkAsync(channel, null, noWait);
        VirtualHost.RefuseStranger(queue, channel.Connection);
        RefuseConditions(queue, ifUnused, ifEmpty);
        QueueDeletion? deletion = channel.Vhost.TryDeleteQueue(
            queue, counts => queue.Settings.IsStream || ((!ifUnused || counts.Consumers == 0) && (!ifEmpty || counts.Ready == 0)));
        if (deletion is null && !queue.IsDeleted)
            throw new AmqpException(
                ReplyCode.PreconditionFailed, $"{queue.Settings.Described} {(ifUnused && queue.Counts.Consumers > 0 ? "in use" : "not empty")}");
        return DeleteOkAsync(channel, deletion, noWait);
    }

    /// <summary>The queue's name, or for the empty one that of the last queue declared on the channel.</summary>
    public static string Named(Channel channel, string name)
    {
        if (name.Length > 0) return name;
        if (channel.LastQueue.Length == 0) throw new AmqpException(ReplyCode.NotFound, "no previously declared queue");
        return channel.LastQueue;
    }

    // AMQP 0-9-1, queue.bind, routing-key: without a queue and a key, the key is the name of the last queue declared.
    private static (string Name, string Source, string Key) ReadBinding(Channel channel, ref AmqpReader arguments)
    {
        string given = arguments.ShortString();
        string source = arguments.ShortString();
        string key = arguments.ShortString();
        string name = Named(channel, given);
        return (name, source, given.Length == 0 && key.Length == 0 ? name : key);
    }

    private static void RefuseName(Channel channel, string name, FieldTable arguments)
    {
        if (name.Length == 0 && arguments.Text("x-queue-type") is ("quorum" or "stream") and var type)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"Cannot declare a server-named queue for type rabbit_{type}_queue");
        if (name.StartsWith("amq.", StringComparison.Ordinal) && channel.Vhost.FindQueue(name) is null)
            throw new AmqpException(ReplyCode.AccessRefused, $"queue name '{name}' contains reserved prefix 'amq.*'");
    }

    private static void RefuseConditions(Queue queue, bool ifUnused, bool ifEmpty)
    {
        if (!queue.Settings.IsQuorum || !(ifUnused || ifEmpty)) return;
        throw new AmqpException(
            ReplyCode.NotImplemented,
            $"cannot delete {queue.Settings.Described}. queue.delete operations with {(ifUnused ? "if-unused" : "if-empty")} flag set "
            + "are not supported by quorum queues");
    }

    // Who answers may ask first whether the asker is still there (direct reply-to).
    private static ValueTask DeclareReplies(Channel channel, string name, bool noWait)
    {
        if (!channel.Connection.Broker.Replies.IsThere(channel.Vhost.Name, name))
            throw new AmqpException(ReplyCode.NotFound, $"no queue '{name}' in vhost '{channel.Vhost.Name}'");
        if (!noWait) channel.Send(new MethodFrame(channel.Number, MethodId.QueueDeclareOk).ShortString(name).Long(0).Long(1));
        return ValueTask.CompletedTask;
    }

    private static async ValueTask DeclareOkAsync(Channel channel, Queue queue, Task change, bool noWait)
    {
        await change;
        channel.LastQueue = queue.Name;
        QueueCounts counts = queue.Counts;
        if (!noWait)
            channel.Send(new MethodFrame(channel.Number,
                MethodId.QueueDeclareOk).ShortString(queue.Name).Long((uint)counts.Ready).Long((uint)counts.Consumers));
    }

    // The answer first, then the news to the consumers, which may be on this very channel.
    private static async ValueTask DeleteOkAsync(Channel channel, QueueDeletion? deletion, bool noWait)
    {
        if (deletion is not null) await deletion.Durable;
        if (!noWait) channel.Send(new MethodFrame(channel.Number, MethodId.QueueDeleteOk).Long((uint)(deletion?.End.MessagesDropped ?? 0)));
        deletion?.End.TellConsumers();
    }
}
