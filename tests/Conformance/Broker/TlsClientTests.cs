using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Broker;

/// <summary>Python's clients at the TLS port, with OpenSSL's checks on their side.</summary>
public sealed class TlsClientTests
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pika_and_py_amqp_log_in_over_TLS_by_password_and_by_certificate()
    {
        Need.PythonModule("pika", "python3-pika");
        Need.PythonModule("amqp", "python3-amqp");
        using TempFolder folder = new();
        Write(folder);
        int port = FreePort.Take();
        await using BoxProcess broker = await BoxProcess.StartAsync(
            "broker",
            Cancellation,
            ("Broker__Tls__Port", $"{port}"),
            ("Broker__Tls__Certificate", folder["server.pem"]),
            ("Broker__Tls__Key", folder["server-key.pem"]),
            ("Broker__Tls__ClientCertificates", "Allow"),
            ("Broker__Tls__ClientAuthorities", folder["ca.pem"]));

        await ForeignClient.PythonAsync("broker_tls.py", ("TLS_PORT", $"{port}"), ("CERTIFICATES", folder.Path));
    }

    /// <summary>An authority, a server's certificate for localhost, and one for the user guest.</summary>
    private static void Write(TempFolder folder)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authority = new("CN=An authority", key, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        authority.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authority.PublicKey, false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 signer = authority.CreateSelfSigned(now - Validity, now + Validity);
        File.WriteAllText(folder["ca.pem"], signer.ExportCertificatePem());
        Issue(folder, signer, "server", "CN=localhost");
        Issue(folder, signer, "client", "CN=guest");
    }

    private static void Issue(TempFolder folder, X509Certificate2 signer, string name, string subject)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(subject["CN=".Length..]);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(signer, true, false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.Create(signer, now - Validity / 2, now + Validity / 2, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(folder[$"{name}.pem"], certificate.ExportCertificatePem());
        File.WriteAllText(folder[$"{name}-key.pem"], key.ExportPkcs8PrivateKeyPem());
    }
}
