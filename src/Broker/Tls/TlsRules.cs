using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Quintet.Broker.Tls;

/// <summary>Refuses certificates that cannot be read, before a client finds out.</summary>
internal sealed class TlsRules : IValidateOptions<BrokerOptions>
{
    public ValidateOptionsResult Validate(string? name, BrokerOptions options)
    {
        TlsOptions tls = options.Tls;
        List<string> faults = [];
        if (tls.Certificate is not null) Try("Broker:Tls:Certificate", tls.Certificate, () => Check(tls), faults);
        else if (tls.Key is not null || tls.ManagementPort is not null || tls.ClientCertificates != ClientCertificates.None)
            faults.Add("Broker:Tls:Certificate: is needed for TLS; without it nothing else of Broker:Tls has a meaning");
        if (tls.ClientAuthorities is { } file) Try("Broker:Tls:ClientAuthorities", file, () => _ = new ClientCertificateCheck(tls), faults);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Check(TlsOptions tls)
    {
        using X509Certificate2 certificate = ServerCertificate.Read(tls);
        if (!certificate.HasPrivateKey) throw new CryptographicException("it has no private key");
    }

    private static void Try(string key, string file, Action read, List<string> faults)
    {
        try
        {
            read();
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            faults.Add($"{key}: '{file}' cannot be used: {fault.Message}");
        }
    }
}
