using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Messages;

/// <summary>Messages taken from a queue to look at: they go back to it, or they do not, as the request says.</summary>
internal static class GetRoute
{
    public static async Task<IResult> GetAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        JsonElement body = await RequestBody.ReadAsync(http, "ackmode", "count", "encoding");
        Demand demand = Read(body);
        Queue queue = RequireQueue(http, vhost);
        bool noAck = demand.AckMode == "ack_requeue_false";
        List<UnackedMessage> taken = [];
        JsonArray shown = [];
        try
        {
            long octets = 0;
            // The answer is held in memory: it ends where a request would have to.
            while (shown.Count < demand.Count && octets < broker.Limits.ManagementBodyBytes && queue.TryTake(noAck, out QueueEntry entry, out int left))
            {
                if (!noAck) taken.Add(new UnackedMessage(0, queue, null, entry));
                shown.Add(await ReadAsync(queue, entry, left, demand, http.RequestAborted));
                octets += entry.BodyBytes;
                if (noAck) queue.Forget(entry);
            }
        }
        finally
        {
            UnackedMessage[] back = [.. taken];
            if (demand.AckMode == "reject_requeue_false") queue.Reject(back);
            else if (back.Length > 0) queue.Requeue(back);
        }

        return Results.Json(shown);
    }

    private static Demand Read(JsonElement body)
    {
        string ackMode = body.Text("ackmode", ""), encoding = body.Text("encoding", "");
        if (ackMode is not ("ack_requeue_true" or "ack_requeue_false" or "reject_requeue_true" or "reject_requeue_false"))
            throw Refusal.BadRequest($"unknown ackmode '{ackMode}'");
        int count = body.Integer("count");
        if (encoding is not ("auto" or "base64")) throw Refusal.BadRequest("Unsupported encoding. Please use auto or base64.");
        return new Demand(ackMode, count, encoding == "base64", body.TryGetProperty("truncate", out _) ? Math.Max(0, body.Integer("truncate")) : int.MaxValue);
    }

    private static Queue RequireQueue(HttpContext http, VirtualHost vhost)
    {
        string name = http.Request.Segment(3);
        BrokerUser user = BasicAccess.UserOf(http);
        try
        {
            if (user.May(Right.Read, vhost.Name, name)) return vhost.GetQueue(name, null);
        }
        catch (AmqpException fault) when (fault.Code == ReplyCode.NotFound)
        {
            throw new Refusal(StatusCodes.Status404NotFound, "not_found", fault.Message);
        }
        catch (AmqpException fault)
        {
            throw Refusal.BadRequest($"{(int)fault.Code} {fault.Message}");
        }

        throw Refusal.NotAuthorised($"ACCESS_REFUSED - read access to queue '{name}' in vhost '{vhost.Name}' refused for user '{user.Name}'");
    }

    private static async Task<JsonObject> ReadAsync(Queue queue, QueueEntry entry, int left, Demand demand, CancellationToken stop)
    {
        if (entry.Memory is { } memory) return Show(entry, left, demand, (memory.Envelope, memory.Body));
        using StoredMessage stored = await queue.ReadAsync(entry.Ref, stop);
        return Show(entry, left, demand, (stored.Envelope, stored.Body));
    }

    private static JsonObject Show(in QueueEntry entry, int left, Demand demand, (ReadOnlyMemory<byte> Envelope, ReadOnlyMemory<byte> Body) message)
    {
        Envelope envelope = new(message.Envelope.Span);
        ReadOnlySpan<byte> payload = message.Body.Span[..Math.Min(demand.Truncate, message.Body.Length)];
        bool asText = !demand.Base64 && Utf8.IsValid(payload);
        return new JsonObject
        {
            ["payload_bytes"] = message.Body.Length,
            ["redelivered"] = entry.IsRedelivered,
            ["exchange"] = Encoding.UTF8.GetString(envelope.Exchange),
            ["routing_key"] = Encoding.UTF8.GetString(envelope.RoutingKey),
            ["message_count"] = left,
            ["properties"] = PropertyJson.Show(envelope.PropertiesOfDelivery(entry.DeliveryCount)),
            ["payload"] = asText ? Encoding.UTF8.GetString(payload) : Convert.ToBase64String(payload),
            ["payload_encoding"] = asText ? "string" : "base64",
        };
    }

    private sealed record Demand(string AckMode, int Count, bool Base64, int Truncate);
}
