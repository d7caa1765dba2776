using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Connections;

/// <summary>Class exchange: declare, delete, bind and unbind. Every answer comes after the change is on disk.</summary>
internal static class ExchangeMethods
{
    public static ValueTask Declare(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short(); // ticket, a leftover of 0-8
        string name = ServerNames.OnOneLine(arguments.ShortString());
        string type = arguments.ShortString();
        bool passive = arguments.Bit(), durable = arguments.Bit(), autoDelete = arguments.Bit(), isInternal = arguments.Bit(), noWait = arguments.Bit();
        FieldTable table = arguments.Table();

        RefuseDefault(name);
        Task change = Task.CompletedTask;
        if (passive)
        {
            channel.Vhost.GetExchange(name);
        }
        else
        {
            channel.Permissions.RequireExchange(Right.Configure, name);
            if (table.Text("alternate-exchange") is { } alternate)
            {
                channel.Permissions.RequireExchange(Right.Read, name);
                channel.Permissions.RequireExchange(Right.Write, alternate);
            }

            change = channel.Vhost.DeclareExchange(new ExchangeSettings
            {
                Vhost = channel.Vhost.Name,
                Name = name,
                Type = type,
                IsDurable = durable,
                IsAutoDelete = autoDelete,
                IsInternal = isInternal,
                Arguments = table,
            });
        }

        return FinishAsync(channel, change, noWait, MethodId.ExchangeDeclareOk);
    }

    public static ValueTask Delete(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short();
        string name = ServerNames.OnOneLine(arguments.ShortString());
        bool ifUnused = arguments.Bit(), noWait = arguments.Bit();

        RefuseDefault(name);
        channel.Permissions.RequireExchange(Right.Configure, name);
        return FinishAsync(channel, channel.Vhost.DeleteExchange(name, ifUnused), noWait, MethodId.ExchangeDeleteOk);
    }

    public static ValueTask Bind(Channel channel, ref AmqpReader arguments)
    {
        (string destination, string source, string key, bool noWait, FieldTable table) = ReadBinding(ref arguments);
        RefuseDefault(destination);
        RefuseDefault(source);
        channel.Permissions.RequireExchange(Right.Write, destination);
        channel.Permissions.RequireExchange(Right.Read, source);
        Exchange target = channel.Vhost.GetExchange(destination);
        Exchange from = channel.Vhost.GetExchange(source);
        if (from is TopicExchange) channel.Permissions.RequireTopic(Right.Read, source, key);
        return FinishAsync(channel, channel.Vhost.Bind(new Binding(from, new Destination(null, target), key, table)), noWait, MethodId.ExchangeBindOk);
    }

    public static ValueTask Unbind(Channel channel, ref AmqpReader arguments)
    {
        (string destination, string source, string key, bool noWait, FieldTable table) = ReadBinding(ref arguments);
        RefuseDefault(destination);
        RefuseDefault(source);
        channel.Permissions.RequireExchange(Right.Write, destination);
        channel.Permissions.RequireExchange(Right.Read, source);
        Task change = channel.Vhost.FindExchange(source) is { } from && channel.Vhost.FindExchange(destination) is { } target
            ? channel.Vhost.Unbind(from, BindingKey.Of(new Destination(null, target), key, table))
            : Task.CompletedTask;
        return FinishAsync(channel, change, noWait, MethodId.ExchangeUnbindOk);
    }

    public static void RefuseDefault(string exchange)
    {
        if (exchange.Length == 0) throw new AmqpException(ReplyCode.AccessRefused, "operation not permitted on the default exchange");
    }

    public static async ValueTask FinishAsync(Channel channel, Task change, bool noWait, uint answer)
    {
        await change;
        if (!noWait) channel.Send(new MethodFrame(channel.Number, answer));
    }

    private static (string Destination, string Source, string Key, bool NoWait, FieldTable Arguments) ReadBinding(ref AmqpReader arguments)
    {
        arguments.Short();
        return (arguments.ShortString(), arguments.ShortString(), arguments.ShortString(), arguments.Bit(), arguments.Table());
    }
}
