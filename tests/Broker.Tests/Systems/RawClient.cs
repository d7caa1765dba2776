using System.Buffers.Binary;
using System.Net.Sockets;
using System.Net;
using System.Text;
using Quintet.Broker.Amqp;
using Xunit;

namespace Quintet.Broker.Tests.Systems;

/// <summary>A client of plain octets, so that a test may break the protocol.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly List<byte> _unread = [];

    public static async Task<RawClient> ConnectAsync(int port)
    {
        RawClient client = new();
        await client._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Header, start-ok, tune-ok and open with the guest; channel 1 opened.</summary>
    public async Task<RawClient> OpenAsync(uint frameMax = 131072, ushort heartbeat = 0, string mechanism = "PLAIN", byte[]? response = null)
    {
        await SendAsync("AMQP\0\0\x09\x01"u8.ToArray());
        await MethodAsync(MethodId.ConnectionStart);
        await StartOkAsync(mechanism, response ?? "\0guest\0guest"u8.ToArray());
        await MethodAsync(MethodId.ConnectionTune);
        await SendAsync(new MethodFrame(0, MethodId.ConnectionTuneOk).Short(2047).Long(frameMax).Short(heartbeat).ToArray());
        await SendAsync(new MethodFrame(0, MethodId.ConnectionOpen).ShortString("/").ShortString("").Octet(0).ToArray());
        await MethodAsync(MethodId.ConnectionOpenOk);
        await SendAsync(new MethodFrame(1, MethodId.ChannelOpen).ShortString("").ToArray());
        await MethodAsync(MethodId.ChannelOpenOk, passOver: MethodId.ConnectionBlocked);
        return this;
    }

    public Task StartOkAsync(string mechanism, byte[] response, bool wantsClose = true) => SendAsync(StartOk(mechanism, response, wantsClose));

    public static byte[] StartOk(string mechanism, byte[] response, bool wantsClose = true)
    {
        FieldTable capabilities = new() { { "authentication_failure_close", FieldValue.Of(wantsClose) }, { "consumer_cancel_notify",
            FieldValue.Of(true) }, { "connection.blocked", FieldValue.Of(true) } };
        MethodFrame frame = new MethodFrame(0, MethodId.ConnectionStartOk)
            .Table(new FieldTable { { "capabilities", FieldValue.Of(capabilities) } })
            .ShortString(mechanism)
            .Long((uint)response.Length);
        foreach (byte octet in response) frame.Octet(octet);
        return frame.ShortString("en_US").ToArray();
    }

    public async Task SendAsync(byte[] octets) => await _socket.SendAsync(octets, TestContext.Current.CancellationToken);

    /// <summary>Publishes to the default exchange.</summary>
    public Task PublishAsync(string key, string body, byte[]? properties = null) => SendAsync(Publish(key, body, properties));

    /// <summary>The three frames of a message to the default exchange; flag 1 is mandatory.</summary>
    public static byte[] Publish(string key, string body, byte[]? properties = null, byte flags = 0)
    {
        byte[] text = Encoding.UTF8.GetBytes(body);
        byte[] known = properties ?? [0, 0];
        byte[] header = new byte[12 + known.Length];
        header[1] = 60;
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(4), (ulong)text.Length);
        known.CopyTo(header, 12);
        byte[] method = new MethodFrame(1, MethodId.BasicPublish).Short(0).ShortString("").ShortString(key).Octet(flags).ToArray();
        return [.. method, .. Frame(2, 1, header), .. Frame(3, 1, text)];
    }

    public static byte[] Frame(byte type, ushort channel, byte[] payload)
    {
        byte[] frame = new byte[payload.Length + 8];
        frame[0] = type;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), channel);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(3), payload.Length);
        payload.CopyTo(frame, 7);
        frame[^1] = FrameReader.FrameEnd;
        return frame;
    }

    /// <summary>The next frame that is no heartbeat; null at the end of the stream.</summary>
    public async Task<(byte Type, ushort Channel, byte[] Payload)?> FrameAsync(bool heartbeats = false)
    {
        while (true)
        {
            if (!await FillAsync(7)) return null;
            int size = (int)BinaryPrimitives.ReadUInt32BigEndian([.. _unread[3..7]]);
            if (!await FillAsync(size + 8)) return null;
            byte type = _unread[0];
            ushort channel = (ushort)(_unread[1] << 8 | _unread[2]);
            byte[] payload = [.. _unread[7..(7 + size)]];
            _unread.RemoveRange(0, size + 8);
            if (type != 8 || heartbeats) return (type, channel, payload);
        }
    }

    /// <summary>The arguments of the next method, which must be that one.</summary>
    public async Task<byte[]> MethodAsync(uint method, uint passOver = 0)
    {
        (byte Type, ushort Channel, byte[] Payload)? frame = await FrameAsync();
        Assert.NotNull(frame);
        uint got = BinaryPrimitives.ReadUInt32BigEndian(frame.Value.Payload);
        if (got == passOver) return await MethodAsync(method);
        Assert.True(method == got,
            $"expected method {method >> 16}.{method & 0xFFFF}, got {got >> 16}.{got & 0xFFFF}: {Encoding.UTF8.GetString(frame.Value.Payload)}");
        return frame.Value.Payload[4..];
    }

    /// <summary>The code, text and failed method of the close that comes next.</summary>
    public async Task<(int Code, string Text, uint Method)> CloseAsync(uint method)
    {
        byte[] arguments = await MethodAsync(method);
        AmqpReader reader = new(arguments);
        return (reader.Short(), reader.ShortString(), reader.Long());
    }

    /// <summary>Reads that many octets as they are; fewer at the end of the stream.</summary>
    public async Task<byte[]> OctetsAsync(int count)
    {
        await FillAsync(count);
        byte[] octets = [.. _unread.Take(count)];
        _unread.RemoveRange(0, octets.Length);
        return octets;
    }

    public async Task<bool> IsAtEndAsync() => !await FillAsync(_unread.Count + 1);

    public void Dispose() => _socket.Dispose();

    private async Task<bool> FillAsync(int count)
    {
        byte[] room = new byte[65536];
        while (_unread.Count < count)
        {
            int read;
            try
            {
                read = await _socket.ReceiveAsync(room, TestContext.Current.CancellationToken);
            }
            catch (SocketException)
            {
                return false;
            }

            if (read == 0) return false;
            _unread.AddRange(room.AsSpan(0, read));
        }

        return true;
    }
}
