using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Quintet.Broker.Tls;

/// <summary>The server's certificate, read again when one of its files has changed. Thread-safe: asked for at every TLS handshake.</summary>
internal sealed partial class ServerCertificate
{
    private readonly Lock _gate = new();
    private readonly TlsOptions _options;
    private readonly ILogger _logger;
    private (DateTime Certificate, DateTime Key) _stamps;
    private X509Certificate2 _current;

    /// <exception cref="CryptographicException">The files hold no certificate with its key.</exception>
    public ServerCertificate(TlsOptions options, ILogger logger)
    {
        (_options, _logger) = (options, logger);
        _stamps = Stamps();
        _current = Read(options);
    }

    public X509Certificate2 Current
    {
        get
        {
            lock (_gate)
            {
                if (Stamps() is { } stamps && stamps != _stamps) Renew(stamps);
                return _current;
            }
        }
    }

    /// <summary>The certificate with its key.</summary>
    public static X509Certificate2 Read(TlsOptions options)
    {
        string? password = options.Password?.Reveal();
        if (Path.GetExtension(options.Certificate) is ".pfx" or ".p12") return X509CertificateLoader.LoadPkcs12FromFile(options.Certificate!, password);
        return password is null
            ? X509Certificate2.CreateFromPemFile(options.Certificate!, options.Key)
            : X509Certificate2.CreateFromEncryptedPemFile(options.Certificate!, password, options.Key);
    }

    // The old one is not disposed: handshakes under way use it still.
    private void Renew((DateTime Certificate, DateTime Key) stamps)
    {
        _stamps = stamps;
        try
        {
            _current = Read(_options);
            Log.Renewed(_logger, _current.NotAfter);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            Log.Kept(_logger, fault.Message);
        }
    }

    private (DateTime Certificate, DateTime Key) Stamps() =>
        (File.GetLastWriteTimeUtc(_options.Certificate!), _options.Key is { } key ? File.GetLastWriteTimeUtc(key) : default);

    private static partial class Log
    {
        [LoggerMessage(1150, LogLevel.Information, "A new TLS certificate was taken over; it is valid until {NotAfter}")]
        public static partial void Renewed(ILogger logger, DateTime notAfter);

        [LoggerMessage(1151, LogLevel.Error, "The changed TLS certificate cannot be read, the old one stays in use: {Reason}")]
        public static partial void Kept(ILogger logger, string reason);
    }
}
