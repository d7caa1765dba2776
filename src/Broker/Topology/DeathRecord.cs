using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Topology;

/// <summary>One death of a message.</summary>
internal sealed record Death(string Queue, DeathReason Reason, long Seconds, IReadOnlyList<string> RoutingKeys);

/// <summary>
/// The headers x-death, x-first-death-* and x-last-death-*, as RabbitMQ 4 writes them: one table per queue and reason, the newest first, with
/// the time of the first such death and a count; what a client sent under that name is not continued.
/// </summary>
internal static class DeathRecord
{
    /// <summary>All keys the message was published with: the routing key, then those of CC and BCC.</summary>
    public static List<string> RoutingKeys(in Envelope envelope, FieldTable headers)
    {
        List<string> keys = [Encoding.UTF8.GetString(envelope.RoutingKey)];
        foreach (string name in (string[])["CC", "BCC"])
            if (headers.TryGet(name, out FieldValue copies) && copies.Object is List<FieldValue> items)
                keys.AddRange(items.Where(item => item.Text is not null).Select(item => item.Text!));
        return keys;
    }

    public static void Write(FieldTable headers, in Envelope envelope, in BasicProperties properties, Death death)
    {
        string reason = NameOf(death.Reason);
        string exchange = Encoding.UTF8.GetString(envelope.Exchange);
        List<FieldValue> deaths = envelope.HasDeaths ? DeathsOf(headers) : [];
        bool isFirst = deaths.Count == 0;
        int index = deaths.FindIndex(value => value.Object is FieldTable table && table.Text("queue") == death.Queue && table.Text("reason") == reason);
        FieldTable record;
        if (index >= 0)
        {
            record = (FieldTable)deaths[index].Object!;
            record.Set("count", FieldValue.Of((record.Integer("count") ?? 0) + 1));
            deaths.RemoveAt(index);
        }
        else
        {
            record = New(death, reason, exchange, properties);
        }

        deaths.Insert(0, FieldValue.Of(record));
        headers.Set("x-death", FieldValue.Of(deaths));
        if (isFirst) Note(headers, "x-first-death", reason, death.Queue, exchange);
        Note(headers, "x-last-death", reason, death.Queue, exchange);
    }

    /// <summary>The message has been in that queue, and on the way back to it no client had a hand in it: it would go round for ever.</summary>
    public static bool IsCycle(FieldTable headers, string queue)
    {
        foreach (FieldValue value in DeathsOf(headers))
        {
            if (value.Object is not FieldTable death) continue;
            if (death.Text("reason") == NameOf(DeathReason.Rejected)) return false;
            if (death.Text("queue") == queue) return true;
        }

        return false;
    }

    private static string NameOf(DeathReason reason) => reason switch
    {
        DeathReason.Rejected => "rejected",
        DeathReason.Expired => "expired",
        DeathReason.MaxLength => "maxlen",
        _ => "delivery_limit",
    };

    private static FieldTable New(Death death, string reason, string exchange, in BasicProperties properties)
    {
        FieldTable record = [];
        if (properties.HasExpiration) record.Add("original-expiration", FieldValue.Of(Encoding.UTF8.GetString(properties.Expiration)));
        record.Add("count", FieldValue.Of(1));
        record.Add("reason", FieldValue.Of(reason));
        record.Add("queue", FieldValue.Of(death.Queue));
        record.Add("time", FieldValue.Timestamp(death.Seconds));
        record.Add("exchange", FieldValue.Of(exchange));
        record.Add("routing-keys", FieldValue.Of([.. death.RoutingKeys.Select(FieldValue.Of)]));
        return record;
    }

    private static void Note(FieldTable headers, string prefix, string reason, string queue, string exchange)
    {
        headers.Set($"{prefix}-reason", FieldValue.Of(reason));
        headers.Set($"{prefix}-queue", FieldValue.Of(queue));
        headers.Set($"{prefix}-exchange", FieldValue.Of(exchange));
    }

    private static List<FieldValue> DeathsOf(FieldTable headers) =>
        headers.TryGet("x-death", out FieldValue value) && value.Object is List<FieldValue> deaths ? deaths : [];
}
