using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.ServiceDiscovery;
using Quintet.Client.Consul;

namespace Quintet.Chassis.Discovery;

/// <summary>Registration of this service and discovery of the others.</summary>
internal static class DiscoveryExtensions
{
    /// <summary>
    /// With a registry: registers this instance and looks up service names there. Without one: names are taken from
    /// <c>services:&lt;name&gt;:http:0</c> of the configuration, else as they stand (DNS).
    /// </summary>
    public static void AddDiscovery(this WebApplicationBuilder builder, ChassisOptions chassis)
    {
        builder.Services.AddServiceDiscoveryCore();
        if (chassis.RegistryAddress is { } address)
        {
            HttpClient http = ConsulClient.CreateHttp(address, chassis.RegistryToken);
            builder.Services.AddSingleton(services => new ConsulClient(http, services.GetRequiredService<TimeProvider>()));
            builder.Services.AddSingleton<ServiceInstances>().AddTransient<InstanceHandler>();
            builder.Services.AddSingleton<IServiceEndpointProviderFactory, RegistryEndpoints>();
            builder.Services.AddHostedService<RegistrationLoop>();
        }
        else
        {
            builder.Services.AddConfigurationServiceEndpointProvider();
        }

        builder.Services.AddPassThroughServiceEndpointProvider();
    }

    /// <summary>Begins to watch the services that this one is known to call, so that the first call does not wait.</summary>
    public static void WatchCalls(this WebApplication app, ChassisOptions chassis)
    {
        if (app.Services.GetService<ServiceInstances>() is not { } instances) return;
        foreach (string service in chassis.Calls) instances.Of(service);
    }
}
