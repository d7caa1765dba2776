using System.ComponentModel.DataAnnotations;
using Quintet.Hosting.Settings;

namespace Quintet.Broker.Tls;

/// <summary>Section <c>Broker:Tls</c>: AMQP and management over TLS, on ports of their own. Off while <see cref="Certificate"/> is not set.</summary>
internal sealed class TlsOptions
{
    /// <summary>The port. Default 5671, IANA's for amqps; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 5671;

    /// <summary>The port of health and management over TLS, beside the one without. Default none, as with RabbitMQ, which suggests 15671; 0 takes a
    /// free one.</summary>
    [Range(0, 65535)]
    public int? ManagementPort { get; set; }

    /// <summary>The server's certificate: a PEM file, with the chain below it, or a PKCS #12 file (<c>.pfx</c>, <c>.p12</c>). Default none, no TLS.
    /// Read again when it has changed; one that cannot be read leaves the last good one in use.</summary>
    public string? Certificate { get; set; }

    /// <summary>The private key of a PEM certificate, PEM as well. Default none: it is in the file of the certificate.</summary>
    public string? Key { get; set; }

    /// <summary>The password of a PKCS #12 file or of an encrypted key. Default none.</summary>
    public Secret? Password { get; set; }

    /// <summary>Whether clients show certificates: <c>None</c> (default, as RabbitMQ's verify_none), <c>Allow</c>, <c>Require</c>.</summary>
    public ClientCertificates ClientCertificates { get; set; } = ClientCertificates.None;

    /// <summary>The authorities that clients' certificates must come from, a PEM file. Default none: those the system trusts.</summary>
    public string? ClientAuthorities { get; set; }

    /// <summary>What of a client's certificate is the user who logs in with EXTERNAL: <c>CommonName</c> (default), <c>DistinguishedName</c> (RabbitMQ's
    /// default, as RFC 4514 writes it), or <c>DnsName</c>, the first of the subject's alternative names.</summary>
    public CertificateUser ClientUser { get; set; } = CertificateUser.CommonName;
}

/// <summary>Whether clients show certificates.</summary>
internal enum ClientCertificates
{
    None,
    Allow,
    Require,
}

/// <summary>What of a certificate names a user.</summary>
internal enum CertificateUser
{
    CommonName,
    DistinguishedName,
    DnsName,
}
