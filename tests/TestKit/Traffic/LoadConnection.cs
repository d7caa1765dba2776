using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Quintet.TestKit.Traffic;

/// <summary>
/// A connection with one channel, by blocking calls on one socket: the client must cost little enough not to be what is measured. At most one thread
/// sends and one receives.
/// </summary>
public sealed class LoadConnection : IDisposable
{
    public const ushort Channel = 1;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _received;
    private int _from;
    private int _to;

    private LoadConnection(int bufferBytes) => _received = new byte[bufferBytes];

    /// <param name="port">On the loopback address.</param>
    /// <param name="bufferBytes">Of the receive buffer; small where a thousand connections idle.</param>
    public static LoadConnection Open(int port, int bufferBytes = 512 * 1024)
    {
        LoadConnection connection = new(bufferBytes);
        try
        {
            connection._socket.Connect(IPAddress.Loopback, port);
            connection.Call([.. "AMQP"u8, 0, 0, 9, 1], Methods.ConnectionStart);
            byte[] startOk = new MethodBytes(0, Methods.ConnectionStartOk).Table(("product", "load")).ShortString("PLAIN")
                .LongString("\0guest\0guest").ShortString("en_US").ToFrame();
            connection.Call(startOk, Methods.ConnectionTune);
            connection.Send(new MethodBytes(0, Methods.ConnectionTuneOk).Short(2047).Long(131_072).Short(0).ToFrame());
            connection.Call(new MethodBytes(0, Methods.ConnectionOpen).ShortString("/").ShortString("").Octet(0).ToFrame(), Methods.ConnectionOpenOk);
            connection.Call(new MethodBytes(Channel, Methods.ChannelOpen).ShortString("").ToFrame(), Methods.ChannelOpenOk);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void DeclareQueue(string name, string type) =>
        Call(
            new MethodBytes(Channel, Methods.QueueDeclare).Short(0).ShortString(name).Octet(2).Table(("x-queue-type", type)).ToFrame(),
            Methods.QueueDeclareOk);

    /// <summary>A classic queue that drops its oldest message for a new one.</summary>
    public void DeclareShortQueue(string name, int lengthMax)
    {
        MethodBytes declare = new MethodBytes(Channel, Methods.QueueDeclare).Short(0).ShortString(name).Octet(2);
        Call(declare.Table(("x-max-length", lengthMax)).ToFrame(), Methods.QueueDeclareOk);
    }

    /// <summary>How many messages are ready, by a passive declare.</summary>
    public long CountReady(string queue)
    {
        byte[] declare = new MethodBytes(Channel, Methods.QueueDeclare).Short(0).ShortString(queue).Octet(1).Table().ToFrame();
        byte[] answer = Call(declare, Methods.QueueDeclareOk);
        return BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(5 + answer[4]));
    }

    public void DeleteQueue(string name) =>
        Call(new MethodBytes(Channel, Methods.QueueDelete).Short(0).ShortString(name).Octet(0).ToFrame(), Methods.QueueDeleteOk);

    public void DeclareFanout(string name) =>
        Call(
            new MethodBytes(Channel, Methods.ExchangeDeclare).Short(0).ShortString(name).ShortString("fanout").Octet(2).Table().ToFrame(),
            Methods.ExchangeDeclareOk);

    public void DeleteExchange(string name) =>
        Call(new MethodBytes(Channel, Methods.ExchangeDelete).Short(0).ShortString(name).Octet(0).ToFrame(), Methods.ExchangeDeleteOk);

    public void Bind(string queue, string exchange) =>
        Call(
            new MethodBytes(Channel, Methods.QueueBind).Short(0).ShortString(queue).ShortString(exchange).ShortString("").Octet(0).Table().ToFrame(),
            Methods.QueueBindOk);

    public void SelectConfirms() => Call(new MethodBytes(Channel, Methods.ConfirmSelect).Octet(0).ToFrame(), Methods.ConfirmSelectOk);

    public void Prefetch(ushort count) =>
        Call(new MethodBytes(Channel, Methods.BasicQos).Long(0).Short(count).Octet(0).ToFrame(), Methods.BasicQosOk);

    /// <summary>
    /// Starts a consumer; its consume-ok comes among the deliveries and is passed over. Of a stream it gets everything, what was published before the
    /// broker had read this, too.
    /// </summary>
    public void Consume(string queue) =>
        Send(new MethodBytes(Channel, Methods.BasicConsume).Short(0).ShortString(queue).ShortString(queue).Octet(0)
            .Table(("x-stream-offset", "first")).ToFrame());

    public void Send(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty) octets = octets[_socket.Send(octets)..];
    }

    /// <summary>The next frame out of what was received; false when <see cref="Receive"/> must come first.</summary>
    public bool TryNext(out ReceivedFrame frame)
    {
        frame = default;
        if (_to - _from < 8) return false;
        int size = BinaryPrimitives.ReadInt32BigEndian(_received.AsSpan(_from + 3)) + 8;
        if (_to - _from < size) return false;
        frame = new ReceivedFrame(_received[_from], _received.AsSpan(_from + 7, size - 8));
        _from += size;
        if (frame.Method is Methods.ChannelClose or Methods.ConnectionClose or Methods.BasicReturn or Methods.BasicNack) throw Refused(frame);
        return true;
    }

    /// <summary>Blocks until more is there.</summary>
    public void Receive()
    {
        _received.AsSpan(_from, _to - _from).CopyTo(_received);
        _to -= _from;
        _from = 0;
        int count = _socket.Receive(_received.AsSpan(_to));
        if (count == 0) throw new IOException("the broker closed the connection");
        _to += count;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Sends a method and waits for its answer, whose payload it returns.</summary>
    private byte[] Call(ReadOnlySpan<byte> octets, uint answer)
    {
        Send(octets);
        while (true)
        {
            while (TryNext(out ReceivedFrame frame))
                if (frame.Method == answer) return frame.Payload.ToArray();
            Receive();
        }
    }

    private static IOException Refused(ReceivedFrame frame) =>
        new($"the broker sent method {frame.Method >> 16}.{frame.Method & 0xFFFF}: {Encoding.UTF8.GetString(frame.Payload[4..])}");
}
