using Microsoft.AspNetCore.Http;

namespace Quintet.Broker.Sockets;

/// <summary>The ports the broker listens on, known after the start.</summary>
/// <param name="Amqp">AMQP 0-9-1.</param>
/// <param name="Management">Health and the management API.</param>
/// <param name="AmqpTls">AMQP 0-9-1 over TLS; null when that is off.</param>
/// <param name="ManagementTls">The management API over TLS; null when that is off.</param>
internal sealed record BrokerPorts(int Amqp, int Management, int? AmqpTls = null, int? ManagementTls = null)
{
    /// <summary>What is served at which address, by RabbitMQ's names of protocols; each on every address that <c>Broker:Bind</c> names.</summary>
    /// <param name="addresses">Those of the server, in the order in which they were opened.</param>
    /// <param name="options">Which of them were.</param>
    public static IEnumerable<(string Protocol, BindingAddress Address)> Of(IReadOnlyCollection<BindingAddress> addresses, BrokerOptions options)
    {
        bool hasTls = options.Tls.Certificate is not null;
        string[] protocols = [.. ((string?[])
            ["amqp", hasTls ? "amqp/ssl" : null, "http", hasTls && options.Tls.ManagementPort is not null ? "https" : null]).OfType<string>()];
        int each = Math.Max(1, addresses.Count / protocols.Length);
        return addresses.Select((address, index) => (protocols[Math.Min(index / each, protocols.Length - 1)], address));
    }

    public static BrokerPorts From(IReadOnlyCollection<BindingAddress> addresses, BrokerOptions options)
    {
        ILookup<string, int> ports = Of(addresses, options).ToLookup(port => port.Protocol, port => port.Address.Port);
        return new BrokerPorts(ports["amqp"].First(), ports["http"].First(), First("amqp/ssl"), First("https"));

        int? First(string protocol) => ports[protocol].Select(port => (int?)port).FirstOrDefault();
    }
}
