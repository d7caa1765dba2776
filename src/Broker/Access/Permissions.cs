using Quintet.Broker.Amqp;

namespace Quintet.Broker.Access;

/// <summary>Asks for rights in RabbitMQ's words. The user is looked up each time, so that changed settings count at once.</summary>
internal sealed class Permissions(Users users, string user, string vhost)
{
    private BrokerUser? _known;
    private string? _knownExchange;

    public string User => user;

    public void RequireQueue(Right right, string queue)
    {
        if (!Current().May(right, vhost, queue)) throw Refused(right, $"queue '{queue}' in vhost '{vhost}'");
    }

    public void RequireExchange(Right right, string exchange)
    {
        string name = exchange.Length == 0 ? "amq.default" : exchange;
        if (!Current().May(right, vhost, name)) throw Refused(right, $"exchange '{name}' in vhost '{vhost}'");
    }

    /// <summary>For publishing: remembers the last exchange that was allowed, as long as the settings stay as they are.</summary>
    public void RequireWrite(string exchange)
    {
        BrokerUser current = Current();
        if (ReferenceEquals(current, _known) && ReferenceEquals(exchange, _knownExchange)) return;
        RequireExchange(Right.Write, exchange);
        _known = current;
        _knownExchange = exchange;
    }

    public void RequireTopic(Right right, string exchange, ReadOnlySpan<char> routingKey)
    {
        if (!Current().MayUseTopic(right, vhost, exchange, routingKey))
            throw new AmqpException(
                ReplyCode.AccessRefused,
                $"{NameOf(right)} access to topic '{routingKey}' in exchange '{exchange}' in vhost '{vhost}' refused for user '{user}'");
    }

    private BrokerUser Current() =>
        users.Find(user) ?? throw new AmqpException(ReplyCode.NotAllowed, $"user '{user}' does not exist any more");

    private AmqpException Refused(Right right, string what) =>
        new(ReplyCode.AccessRefused, $"{NameOf(right)} access to {what} refused for user '{user}'");

    private static string NameOf(Right right) => right switch
    {
        Right.Configure => "configure",
        Right.Write => "write",
        _ => "read",
    };
}
