using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Sockets;
using Quintet.Broker.Statistics;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Messages;

/// <summary>
/// Publishes one message, mandatory and confirmed, on a channel without a socket: rights, limits, delays and alarms are those of any publisher.
/// </summary>
internal static class PublishRoute
{
    public static async Task<IResult> PublishAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        JsonElement body = await RequestBody.ReadAsync(http, "routing_key", "properties", "payload", "payload_encoding");
        byte[] payload = PayloadOf(body);
        byte[] properties = PropertyJson.Read(body.GetProperty("properties"));
        string exchange = TopologyRoutes.ExchangeName(http.Request.Segment(3)), key = body.Text("routing_key", "");
        if (Encoding.UTF8.GetByteCount(key) > byte.MaxValue) throw Refusal.BadRequest("routing_key is longer than 255 octets");
        try
        {
            bool isRouted = await PublishAsync(http, broker, vhost, (Encoding.UTF8.GetBytes(exchange), Encoding.UTF8.GetBytes(key), properties, payload));
            return Results.Json(new JsonObject { ["routed"] = isRouted });
        }
        catch (AmqpException fault)
        {
            throw Refusal.BadRequest($"{(int)fault.Code} {fault.Message}");
        }
    }

    private static byte[] PayloadOf(JsonElement body)
    {
        string encoding = body.Text("payload_encoding", "");
        JsonElement payload = body.GetProperty("payload");
        if (encoding is not ("string" or "base64")) throw Refusal.BadRequest(new object[] { "unsupported_encoding", encoding });
        if (payload.ValueKind != JsonValueKind.String) throw Refusal.BadRequest("payload_not_string");
        if (encoding == "string") return Encoding.UTF8.GetBytes(payload.GetString()!);
        return payload.TryGetBytesFromBase64(out byte[]? octets) ? octets : throw Refusal.BadRequest(new object[] { "not_base64", payload });
    }

    private static async Task<bool> PublishAsync(
        HttpContext http, BrokerContext broker, VirtualHost vhost, (byte[] Exchange, byte[] Key, byte[] Properties, byte[] Payload) message)
    {
        Pipe answers = new(new PipeOptions(pauseWriterThreshold: 0)), unused = new();
        await using DefaultConnectionContext transport = new("management")
        {
            Transport = new Duplex(unused.Reader, answers.Writer),
            ConnectionClosed = http.RequestAborted,
            RemoteEndPoint = new IPEndPoint(http.Connection.RemoteIpAddress ?? IPAddress.None, http.Connection.RemotePort),
        };
        OutgoingFrames outgoing = new(answers.Writer, int.MaxValue, static () => { });
        ConnectionFacts facts = new()
        {
            User = BasicAccess.UserOf(http).Name,
            Vhost = vhost.Name,
            Entered = vhost,
            Mechanism = "PLAIN",
            ChannelMax = 1,
            FrameBytesMax = (uint)broker.Limits.FrameBytes,
            Heartbeat = TimeSpan.Zero,
            ClientProperties = FieldTable.Empty,
        };
        Channel channel = new(new Connection(transport, outgoing, facts, broker), 1);
        broker.Node.Churn.Count(Churn.ChannelCreated);
        try
        {
            channel.StartConfirming();
            channel.BeginPublish(message.Exchange, message.Key, isMandatory: true);
            await channel.HandleHeaderAsync(HeaderOf(message.Properties, message.Payload.Length));
            if (message.Payload.Length > 0) await channel.HandleBodyAsync(new ReadOnlySequence<byte>(message.Payload));
            channel.AnswerConfirms();
            return await ReadAnswerAsync(answers.Reader, facts.FrameBytesMax, http.RequestAborted);
        }
        finally
        {
            await channel.ReleaseAsync();
            await outgoing.EndAsync(null);
        }
    }

    // Class, weight, size of the body, properties (AMQP 0-9-1 §4.2.6.1).
    private static byte[] HeaderOf(byte[] properties, int bodyBytes)
    {
        byte[] header = new byte[12 + properties.Length];
        BinaryPrimitives.WriteUInt16BigEndian(header, MethodId.BasicClass);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(4), (ulong)bodyBytes);
        properties.CopyTo(header, 12);
        return header;
    }

    // basic.return comes before the ack, if it comes.
    private static async Task<bool> ReadAnswerAsync(PipeReader answers, uint frameBytesMax, CancellationToken stop)
    {
        bool isReturned = false;
        while (true)
        {
            ReadResult read = await answers.ReadAsync(stop);
            ReadOnlySequence<byte> unread = read.Buffer;
            uint settled = 0;
            while (settled == 0 && FrameReader.TryRead(ref unread, frameBytesMax, out Frame frame))
            {
                uint method = frame.Type == FrameType.Method ? MethodOf(frame.BorrowedPayload) : 0;
                isReturned |= method == MethodId.BasicReturn;
                if (method is MethodId.BasicAck or MethodId.BasicNack) settled = method;
            }

            answers.AdvanceTo(unread.Start, unread.End);
            if (settled != 0) return settled == MethodId.BasicAck && !isReturned;
            if (read.IsCompleted) throw new IOException("the answer to a publish ended");
        }
    }

    private static uint MethodOf(in ReadOnlySequence<byte> payload)
    {
        Span<byte> method = stackalloc byte[4];
        payload.Slice(0, 4).CopyTo(method);
        return BinaryPrimitives.ReadUInt32BigEndian(method);
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
