using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Quintet.Broker.Tls;

/// <summary>Whether a client's certificate is believed, and whose it is.</summary>
internal sealed class ClientCertificateCheck
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection? _authorities;

    public ClientCertificateCheck(TlsOptions options)
    {
        if (options.ClientAuthorities is not { } file) return;
        _authorities = [];
        _authorities.ImportFromPemFile(file);
    }

    /// <summary>Revocation is not asked for: lists and responders are out of reach of most of those who run their own authority.</summary>
    public bool IsTrusted(X509Certificate2 certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (_authorities is null) return errors == SslPolicyErrors.None;
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new(ClientAuthentication));
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        return chain.Build(certificate);
    }

    /// <summary>The user that a certificate names; null when it names none.</summary>
    public static string? UserOf(X509Certificate2 certificate, CertificateUser from)
    {
        string? name = from switch
        {
            CertificateUser.DistinguishedName => certificate.SubjectName.Decode(X500DistinguishedNameFlags.Reversed | X500DistinguishedNameFlags.UseCommas),
            CertificateUser.DnsName => certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault()
                ?.EnumerateDnsNames().FirstOrDefault(),
            _ => CommonName(certificate),
        };
        return string.IsNullOrEmpty(name) ? null : name;
    }

    private static string? CommonName(X509Certificate2 certificate)
    {
        const string CommonNameOid = "2.5.4.3";
        return certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .FirstOrDefault(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameOid)?.GetSingleElementValue();
    }
}
