using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Quintet.Broker.Connections;
using Quintet.Broker.Tls;

namespace Quintet.Broker.Management.Health;

/// <summary>Whether the certificate of the TLS ports is good for so long. Healthy without TLS, as with RabbitMQ.</summary>
internal static class CertificateCheck
{
    private static readonly Dictionary<string, Func<DateTimeOffset, int, DateTimeOffset>> Units = new(StringComparer.Ordinal)
    {
        ["days"] = (now, count) => now.AddDays(count),
        ["weeks"] = (now, count) => now.AddDays(7.0 * count),
        ["months"] = (now, count) => now.AddMonths(count),
        ["years"] = (now, count) => now.AddYears(count),
    };

    public static IResult Answer(HttpContext http, BrokerContext broker)
    {
        DateTimeOffset until = ReadEnd(http, broker.Node.Time.GetUtcNow());
        TlsOptions tls = broker.Options.Tls;
        if (tls.Certificate is null) return HealthRoutes.Healthy();
        using X509Certificate2 certificate = ServerCertificate.Read(tls);
        DateTimeOffset end = new(certificate.NotAfter.ToUniversalTime());
        return end > until ? HealthRoutes.Healthy() : HealthRoutes.Failed(new JsonObject
        {
            ["status"] = "failed",
            ["reason"] = "Certificates expiring",
            ["expired"] = new JsonArray([.. Listeners.Of(http, broker).Where(listener => listener.IsTls).Select(listener => (JsonNode)new JsonObject
            {
                ["node"] = Shapes.Node,
                ["protocol"] = listener.Protocol,
                ["interface"] = listener.Address,
                ["port"] = listener.Port,
                ["certfile"] = tls.Certificate,
                ["certfile_expires_on"] = end.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            })]),
        });
    }

    private static DateTimeOffset ReadEnd(HttpContext http, DateTimeOffset now)
    {
        if (!Units.TryGetValue(http.Request.Segment(5), out Func<DateTimeOffset, int, DateTimeOffset>? add))
            throw Refusal.BadRequest("Time unit not recognised. Supported units: days, weeks, months, years.");
        if (!int.TryParse(http.Request.Segment(4), NumberStyles.None, CultureInfo.InvariantCulture, out int within))
            throw Refusal.BadRequest("Invalid expiration value.");
        try
        {
            return add(now, within);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw Refusal.BadRequest("Invalid expiration value."); // beyond the year 9999
        }
    }
}
