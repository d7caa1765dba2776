using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Sockets;
using Quintet.Broker.Tls;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Handshakes;

/// <summary>
/// From the protocol header to open-ok (AMQP 0-9-1 §2.2.4): header → start → start-ok → tune → tune-ok → open → open-ok.
/// Until a user is known, errors end the stream after a while and say nothing, as RabbitMQ's do.
/// </summary>
internal sealed partial class Handshake(ConnectionContext transport, OutgoingFrames outgoing, HandshakeTerms terms)
{
    private const int HeaderBytes = 8;
    private const int FrameBytesMin = 4096; // §1.4.2.6.2: every peer must take frames of this size

    private readonly FrameInput _input = new(transport.Transport.Input);
    private readonly LimitOptions _limits = terms.Options.Limits;

    /// <summary>What was agreed; null when the connection is to be closed without another word.</summary>
    public async Task<ConnectionFacts?> RunAsync(CancellationToken stop)
    {
        byte[]? header = await _input.ReadOctetsAsync(HeaderBytes, stop);
        if (header is null || !header.AsSpan().SequenceEqual("AMQP\0\0\x09\x01"u8))
        {
            await outgoing.EndAsync("AMQP\0\0\x09\x01"u8.ToArray());
            return null;
        }

        outgoing.Send(Start());
        if (await ReadAsync(MethodId.ConnectionStartOk, stop) is not { } startOk) return null;
        (FieldTable clientProperties, string mechanism, byte[] response) = ReadStartOk(startOk);
        BrokerUser? user = Login(mechanism, response, out bool isKnownMechanism);
        terms.Node.Logins.Amqp.Count(user is not null);
        if (user is null)
        {
            await RefuseLoginAsync(clientProperties, mechanism, isKnownMechanism, stop);
            return null;
        }

        outgoing.Send(Tune());
        if (await ReadAsync(MethodId.ConnectionTuneOk, stop) is not { } tuneOk) return null;
        if (ReadTuneOk(tuneOk) is not { } tuned) return null;
        if (await ReadAsync(MethodId.ConnectionOpen, stop) is not { } open) return null;
        string vhost = new AmqpReader(open, MethodId.ConnectionOpen).ShortString();
        VirtualHost entered = RequireVhost(vhost, user);
        return new ConnectionFacts
        {
            User = user.Name,
            Vhost = vhost,
            Entered = entered,
            Mechanism = mechanism,
            ChannelMax = tuned.ChannelMax,
            FrameBytesMax = tuned.FrameBytesMax,
            Heartbeat = TimeSpan.FromSeconds(tuned.Heartbeat),
            ClientProperties = clientProperties,
        };
    }

    private async ValueTask<byte[]?> ReadAsync(uint expected, CancellationToken stop)
    {
        if (await _input.ReadMethodAsync((uint)_limits.InitialFrameBytes, stop) is not { } frame) return null;
        uint method = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(frame.Payload);
        if (method == MethodId.ConnectionClose)
        {
            await outgoing.EndAsync(new MethodFrame(0, MethodId.ConnectionCloseOk).ToArray());
            return null;
        }

        return frame.Channel == 0 && method == expected ? frame.Payload[4..] : null;
    }

    private byte[] Start() => new MethodFrame(0, MethodId.ConnectionStart)
        .Octet(0).Octet(9)
        .Table(ServerProperties.Of(terms.Options.Product, terms.Node.GlobalParameters.ClusterName))
        .LongString(string.Join(' ', Mechanism.Offered(OffersExternal).Select(mechanism => mechanism.Name)))
        .LongString("en_US")
        .ToArray();

    private byte[] Tune() => new MethodFrame(0, MethodId.ConnectionTune)
        .Short((ushort)_limits.Channels)
        .Long((uint)_limits.FrameBytes)
        .Short((ushort)_limits.Heartbeat.TotalSeconds)
        .ToArray();

    private static (FieldTable ClientProperties, string Mechanism, byte[] Response) ReadStartOk(byte[] arguments)
    {
        AmqpReader reader = new(arguments, MethodId.ConnectionStartOk);
        return (reader.Table(), reader.ShortString(), reader.LongBytes().ToArray());
    }

    private BrokerUser? Login(string mechanism, byte[] response, out bool isKnownMechanism)
    {
        isKnownMechanism = true;
        if (mechanism == "EXTERNAL" && OffersExternal) return Admitted(ReadCertificate() is { } named ? terms.Users.Find(named) : null);
        (string User, string Password)? presented = mechanism switch
        {
            "PLAIN" => ReadPlain(response),
            "AMQPLAIN" => ReadAmqPlain(response),
            _ => null,
        };
        if (presented is not { } credentials)
        {
            isKnownMechanism = false; // unknown, or malformed: there is no user to refuse
            return null;
        }

        return Admitted(terms.Users.Login(credentials.User, credentials.Password));
    }

    private BrokerUser? Admitted(BrokerUser? user) => user is { IsFromLoopbackOnly: true } && !IsLoopback() ? null : user;

    // Over TLS the certificate was checked before the first octet of AMQP; whoever shows none may log in by password still.
    private bool OffersExternal => terms.Options.Tls.ClientCertificates != ClientCertificates.None && Tls is not null;

    private ITlsConnectionFeature? Tls => transport.Features.Get<ITlsConnectionFeature>();

    private string? ReadCertificate() =>
        Tls?.ClientCertificate is { } certificate ? ClientCertificateCheck.UserOf(certificate, terms.Options.Tls.ClientUser) : null;

    // RFC 4616: authorization identity, NUL, user, NUL, password.
    private static (string User, string Password)? ReadPlain(byte[] response)
    {
        int first = Array.IndexOf(response, (byte)0);
        int second = first < 0 ? -1 : Array.IndexOf(response, (byte)0, first + 1);
        return second < 0 ? null : (Encoding.UTF8.GetString(response, first + 1, second - first - 1), Encoding.UTF8.GetString(response, second + 1,
            response.Length - second - 1));
    }

    private static (string User, string Password)? ReadAmqPlain(byte[] response) =>
        FieldTableReader.TryRead(response, out FieldTable? table) && table.Text("LOGIN") is { } user && table.Text("PASSWORD") is { } password
            ? (user, password)
            : null;

    private bool IsLoopback() => transport.RemoteEndPoint is not IPEndPoint remote || IPAddress.IsLoopback(remote.Address);

    private async Task RefuseLoginAsync(FieldTable clientProperties, string mechanism, bool isKnownMechanism, CancellationToken stop)
    {
        Log.LoginRefused(terms.Logger, mechanism, transport.RemoteEndPoint);
        bool wantsClose = clientProperties.TryGet("capabilities", out FieldValue value) && value.Object is FieldTable capabilities
            && capabilities.Flag("authentication_failure_close");
        if (isKnownMechanism && wantsClose)
        {
            AmqpException refused = new(
                ReplyCode.AccessRefused, $"Login was refused using authentication mechanism {mechanism}. For details see the broker logfile.", 0);
            await Farewell.CloseAsync(transport, outgoing, Farewell.Frame(0, MethodId.ConnectionClose, refused, methodAtHand: 0));
            return;
        }

        await Task.Delay(_limits.RefusedLoginDelay, terms.Node.Time, stop);
    }

    private (int ChannelMax, uint FrameBytesMax, int Heartbeat)? ReadTuneOk(byte[] arguments)
    {
        AmqpReader reader = new(arguments, MethodId.ConnectionTuneOk);
        ushort channelMax = reader.Short();
        uint frameBytesMax = reader.Long();
        ushort heartbeat = reader.Short();
        bool isAgreed = channelMax > 0 && channelMax <= _limits.Channels && frameBytesMax >= FrameBytesMin && frameBytesMax <= _limits.FrameBytes;
        if (!isAgreed) Log.TuneRefused(terms.Logger, channelMax, frameBytesMax, transport.RemoteEndPoint);
        return isAgreed ? (channelMax, frameBytesMax, heartbeat) : null;
    }

    private VirtualHost RequireVhost(string name, BrokerUser user)
    {
        VirtualHost vhost = terms.Node.FindVhost(name) ?? throw new AmqpException(ReplyCode.NotAllowed, $"vhost {name} not found", MethodId.ConnectionOpen);
        return user.MayEnter(name)
            ? vhost
            : throw new AmqpException(ReplyCode.NotAllowed, $"access to vhost '{name}' refused for user '{user.Name}'", MethodId.ConnectionOpen);
    }

    private static partial class Log
    {
        [LoggerMessage(1100, LogLevel.Warning, "Refused a login by {Mechanism} from {Remote}")]
        public static partial void LoginRefused(ILogger logger, string mechanism, EndPoint? remote);

        [LoggerMessage(1101, LogLevel.Warning, "Refused channel_max {ChannelMax} and frame_max {FrameMax} from {Remote}")]
        public static partial void TuneRefused(ILogger logger, ushort channelMax, uint frameMax, EndPoint? remote);
    }
}
