using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Quintet.TestKit.Files;

namespace Quintet.Broker.Tests.Systems;

/// <summary>A certificate authority of one test; its own certificate is <c>authority.pem</c> in the folder.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset From = TimeProvider.System.GetUtcNow().AddDays(-1), Until = From.AddDays(30);

    private readonly TempFolder _folder;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TestAuthority(TempFolder folder)
    {
        _folder = folder;
        CertificateRequest request = new("CN=Test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(From, Until);
        File.WriteAllText(folder["authority.pem"], _certificate.ExportCertificatePem());
    }

    /// <summary>Writes a server's certificate with its key; <paramref name="later"/> moves the file's time on, as an operator's clock would.</summary>
    public void WriteServer(string file, string host, TimeSpan later = default)
    {
        using X509Certificate2 server = Issue(host, "1.3.6.1.5.5.7.3.1");
        using ECDsa key = server.GetECDsaPrivateKey()!;
        File.WriteAllText(_folder[file], server.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        File.SetLastWriteTimeUtc(_folder[file], File.GetLastWriteTimeUtc(_folder[file]) + later);
    }

    public X509Certificate2 Client(string name)
    {
        using X509Certificate2 client = Issue(name, "1.3.6.1.5.5.7.3.2");
        return X509CertificateLoader.LoadPkcs12(client.Export(X509ContentType.Pkcs12), null);
    }

    public bool Signed(X509Certificate? shown)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return shown is X509Certificate2 certificate && chain.Build(certificate);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Issue(string name, string usage)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 issued = request.Create(_certificate, From, Until, RandomNumberGenerator.GetBytes(12));
        return issued.CopyWithPrivateKey(key);
    }
}
