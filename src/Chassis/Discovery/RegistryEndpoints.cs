using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.ServiceDiscovery;
using Quintet.Client.Consul;

namespace Quintet.Chassis.Discovery;

/// <summary>Feeds Microsoft.Extensions.ServiceDiscovery from the registry.</summary>
internal sealed class RegistryEndpoints(ServiceInstances instances) : IServiceEndpointProviderFactory
{
    public bool TryCreateProvider(ServiceEndpointQuery query, [NotNullWhen(true)] out IServiceEndpointProvider? provider)
    {
        provider = ServiceInstances.IsServiceName(query.ServiceName) ? new Provider(instances.Of(query.ServiceName)) : null;
        return provider is not null;
    }

    private sealed class Provider(InstanceWatch watch) : IServiceEndpointProvider
    {
        public ValueTask PopulateAsync(IServiceEndpointBuilder endpoints, CancellationToken cancellationToken)
        {
            var (current, changed) = watch.Read();
            foreach (ServiceInstance instance in current) endpoints.Endpoints.Add(ServiceEndpoint.Create(EndPointOf(instance)));
            endpoints.AddChangeToken(changed);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static EndPoint EndPointOf(ServiceInstance instance) =>
            IPAddress.TryParse(instance.Address, out IPAddress? address)
                ? new IPEndPoint(address, instance.Port)
                : new DnsEndPoint(instance.Address, instance.Port);
    }
}
