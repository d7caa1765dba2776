using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Quintet.Broker.Tls;

/// <summary>Puts TLS under a port.</summary>
internal static class TlsListening
{
    public static void UseTls(this ListenOptions listen, TlsOptions options, ILogger logger)
    {
        ServerCertificate certificate = new(options, logger);
        ClientCertificateCheck clients = new(options);
        listen.Protocols = HttpProtocols.Http1; // keeps HTTP/2 out of what is offered by ALPN; AMQP clients name no protocol
        listen.UseHttps(https =>
        {
            https.ServerCertificateSelector = (_, _) => certificate.Current;
            https.ClientCertificateMode = options.ClientCertificates switch
            {
                ClientCertificates.Require => ClientCertificateMode.RequireCertificate,
                ClientCertificates.Allow => ClientCertificateMode.AllowCertificate,
                _ => ClientCertificateMode.NoCertificate,
            };
            https.ClientCertificateValidation = clients.IsTrusted;
        });
    }
}
