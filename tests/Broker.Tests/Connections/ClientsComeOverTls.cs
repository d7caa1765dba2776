using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Connections;

public class ClientsComeOverTls
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_password_works_over_tls_and_the_plain_port_stays()
    {
        using TempFolder folder = new();
        using TestAuthority authority = new(folder);
        authority.WriteServer("server.pem", "localhost");
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Tls:Port", "0"), ("Broker:Tls:Certificate", folder["server.pem"]));

        await using IConnection secure = await Factory(broker, authority).CreateConnectionAsync(Stop);
        await using IConnection plain = await broker.ConnectAsync();
        await using IChannel channel = await secure.ChannelAsync();
        await using IChannel other = await plain.ChannelAsync();
        await channel.QueueAsync("q");
        await channel.SendAsync("q", "in secret");

        Assert.Equal("in secret", (await other.AwaitAsync("q")).Body.ToArray() is { } body ? System.Text.Encoding.UTF8.GetString(body) : null);
    }

    [Fact]
    public async Task A_certificate_of_the_authority_is_a_user_by_external()
    {
        using TempFolder folder = new();
        using TestAuthority authority = new(folder);
        await using RunningBroker broker = await StartWithClientsAsync(folder, authority, "Require");

        await using IConnection known = await External(broker, authority, authority.Client("worker")).CreateConnectionAsync(Stop);
        await using IChannel channel = await known.ChannelAsync();
        await channel.QueueAsync("q");

        BrokerUnreachableException unknown = await Assert.ThrowsAsync<BrokerUnreachableException>(
            () => External(broker, authority, authority.Client("stranger")).CreateConnectionAsync(Stop));
        Assert.IsType<AuthenticationFailureException>(unknown.InnerException);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_or_none_is_turned_away()
    {
        using TempFolder folder = new();
        using TempFolder elsewhere = new();
        using TestAuthority authority = new(folder);
        using TestAuthority other = new(elsewhere);
        await using RunningBroker broker = await StartWithClientsAsync(folder, authority, "Require");

        await Assert.ThrowsAsync<BrokerUnreachableException>(
            () => External(broker, authority, other.Client("worker")).CreateConnectionAsync(Stop));
        await Assert.ThrowsAsync<BrokerUnreachableException>(() => Factory(broker, authority).CreateConnectionAsync(Stop));
    }

    [Fact]
    public async Task External_is_not_offered_without_tls()
    {
        using TempFolder folder = new();
        using TestAuthority authority = new(folder);
        await using RunningBroker broker = await StartWithClientsAsync(folder, authority, "Allow");

        ConnectionFactory plain = broker.Factory();
        plain.AuthMechanisms = [new ExternalMechanismFactory()];

        await Assert.ThrowsAsync<BrokerUnreachableException>(() => plain.CreateConnectionAsync(Stop));
    }

    [Fact]
    public async Task A_renewed_certificate_is_taken_over_and_a_broken_one_is_not()
    {
        using TempFolder folder = new();
        using TestAuthority authority = new(folder);
        authority.WriteServer("server.pem", "localhost");
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Tls:Port", "0"), ("Broker:Tls:Certificate", folder["server.pem"]));
        string first = await ShownAsync(broker, authority);

        authority.WriteServer("server.pem", "localhost", later: TimeSpan.FromMinutes(1));
        string second = await ShownAsync(broker, authority);
        await File.WriteAllTextAsync(folder["server.pem"], "no certificate", Stop);
        File.SetLastWriteTimeUtc(folder["server.pem"], File.GetLastWriteTimeUtc(folder["server.pem"]) + TimeSpan.FromMinutes(2));
        string third = await ShownAsync(broker, authority);

        Assert.NotEqual(first, second);
        Assert.Equal(second, third);
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_read_stops_the_start()
    {
        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => RunningBroker.StartAsync(("Broker:Tls:Certificate", "/nowhere/server.pem")));

        Assert.Contains("Broker:Tls:Certificate: '/nowhere/server.pem' cannot be used", refused.Message, StringComparison.Ordinal);
    }

    private static Task<RunningBroker> StartWithClientsAsync(TempFolder folder, TestAuthority authority, string rule)
    {
        authority.WriteServer("server.pem", "localhost");
        return RunningBroker.StartAsync(
            ("Broker:Tls:Port", "0"), ("Broker:Tls:Certificate", folder["server.pem"]), ("Broker:Tls:ClientCertificates", rule),
            ("Broker:Tls:ClientAuthorities", folder["authority.pem"]), ("Broker:Users:0:Name", "worker"), ("Broker:Users:0:Password", "unused"),
            ("Broker:Users:0:Permissions:0:Vhost", "/"), ("Broker:Users:0:Permissions:0:Configure", ".*"),
            ("Broker:Limits:RefusedLoginDelay", "00:00:00"));
    }

    private static ConnectionFactory Factory(RunningBroker broker, TestAuthority authority)
    {
        ConnectionFactory factory = broker.Factory();
        factory.Port = broker.Ports.AmqpTls!.Value;
        factory.Ssl = new SslOption("localhost", enabled: true) { CertificateValidationCallback = (_, shown, _, _) => authority.Signed(shown) };
        return factory;
    }

    private static ConnectionFactory External(RunningBroker broker, TestAuthority authority, X509Certificate2 client)
    {
        ConnectionFactory factory = Factory(broker, authority);
        factory.Ssl.Certs = [client];
        factory.AuthMechanisms = [new ExternalMechanismFactory()];
        return factory;
    }

    private static async Task<string> ShownAsync(RunningBroker broker, TestAuthority authority)
    {
        using System.Net.Sockets.TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, broker.Ports.AmqpTls!.Value, Stop);
        await using SslStream stream = new(socket.GetStream(), false, (_, shown, _, _) => authority.Signed(shown));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, Stop);
        return Convert.ToHexString(SHA256.HashData(stream.RemoteCertificate!.GetRawCertData()));
    }
}
