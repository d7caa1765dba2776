using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Broker.Access;
using Quintet.Broker.Alarms;
using Quintet.Broker.Connections;
using Quintet.Broker.Connections.Consumers;
using Quintet.Broker.Management;
using Quintet.Broker.Management.Messages;
using Quintet.Broker.Management.Metrics;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Migration;
using Quintet.Broker.Queues;
using Quintet.Broker.Sockets;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Telemetry;
using Quintet.Broker.Tls;
using Quintet.Broker.Topology;
using Quintet.Hosting;
using Quintet.Hosting.Health;
using Quintet.Hosting.Listening;
using Quintet.Hosting.Settings;
using Quintet.Hosting.Telemetry;

namespace Quintet.Broker;

/// <summary>The broker: AMQP 0-9-1 with RabbitMQ's extensions on one port, health and management on another.</summary>
internal static class BrokerBox
{
    /// <summary>Builds the broker; run the result. Its section is <c>Broker</c>. Ports: <see cref="PortsOf"/>, once started.</summary>
    public static WebApplication Build(BoxSettings settings) => Build(BoxHost.CreateBuilder("broker", settings));

    /// <summary>The same broker on a ground that somebody else laid, or over a disk that a test can break.</summary>
    public static WebApplication Build(WebApplicationBuilder builder, Func<string, Disk>? openDisk = null)
    {
        IServiceCollection services = builder.Services;
        services.AddValidatedOptions<BrokerOptions>(builder.Configuration, "Broker");
        services.AddSingleton<IValidateOptions<BrokerOptions>, UserRules>();
        services.AddSingleton<IValidateOptions<BrokerOptions>, TlsRules>();
        services.AddBroker(openDisk ?? (folder => new FileDisk(folder)));
        services.AddHealthChecks().AddCheck<StorageCheck>("storage", tags: [HealthRoutes.ReadyTag]);

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            BrokerOptions ports = kestrel.ApplicationServices.GetRequiredService<IOptions<BrokerOptions>>().Value;
            kestrel.Limits.MaxRequestBodySize = ports.Limits.ManagementBodyBytes;
            kestrel.ListenOn(ports.Bind, ports.Port, listen => listen.UseConnectionHandler<AmqpConnectionHandler>());
            if (ports.Tls.Certificate is not null)
                kestrel.ListenOn(ports.Bind, ports.Tls.Port, listen =>
                {
                    listen.UseTls(ports.Tls, kestrel.ApplicationServices.GetRequiredService<ILogger<ServerCertificate>>());
                    listen.UseConnectionHandler<AmqpConnectionHandler>();
                });
            kestrel.ListenOn(ports.Bind, ports.ManagementPort);
            if (ports.Tls is { Certificate: not null, ManagementPort: { } managementTls })
                kestrel.ListenOn(ports.Bind, managementTls, listen =>
                    listen.UseTls(ports.Tls, kestrel.ApplicationServices.GetRequiredService<ILogger<ServerCertificate>>()));
        });

        WebApplication app = builder.Build();
        app.MapQuintetHealth();
        app.UseManagementWords();
        app.MapManagement();
        app.MapMetrics();
        return app;
    }

    /// <summary>The ports of a started broker.</summary>
    public static BrokerPorts PortsOf(WebApplication broker)
    {
        BindingAddress[] addresses = [.. broker.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(BindingAddress.Parse)];
        return BrokerPorts.From(addresses, broker.Services.GetRequiredService<IOptions<BrokerOptions>>().Value);
    }

    private static void AddMemoryAlarm(this IServiceCollection services)
    {
        services.TryAddSingleton(_ => MemoryProbe.OfProcess());
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<BrokerOptions>>().Value.Memory);
        services.AddSingleton(provider => new MemoryAlarm(
            provider.GetRequiredService<MemoryOptions>(),
            provider.GetRequiredService<MemoryProbe>(),
            provider.GetRequiredService<BrokerNode>().Alarms,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MemoryAlarm>>()));
        services.AddHostedService<MemoryLoop>();
    }

    private static void AddBroker(this IServiceCollection services, Func<string, Disk> openDisk)
    {
        services.AddSingleton<Users>();
        services.AddSingleton(provider =>
        {
            BrokerOptions options = provider.GetRequiredService<IOptions<BrokerOptions>>().Value;
            TimeProvider time = provider.GetRequiredService<TimeProvider>();
            MessageHops hops = new(provider.GetService<Hops>(), options.HopsPerSecond, time); // within somebody else's process there is nobody to tell
            return BrokerNode.Open(
                openDisk(options.DataFolder), options.Storage, time, provider.GetRequiredService<ILogger<BrokerNode>>(), options.Limits, hops);
        });
        services.AddMemoryAlarm();
        services.AddMetrics();
        services.AddSingleton<ConnectionList>();
        services.AddSingleton(provider => new BrokerMetrics(
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<BrokerNode>(),
            () => provider.GetRequiredService<ConnectionList>().All.Count));
        services.AddSingleton(provider => new BrokerContext(
            provider.GetRequiredService<BrokerNode>(),
            provider.GetRequiredService<Users>(),
            provider.GetRequiredService<IOptions<BrokerOptions>>().Value,
            provider.GetRequiredService<ConnectionList>(),
            provider.GetRequiredService<BrokerMetrics>(),
            provider.GetRequiredService<MemoryAlarm>(),
            provider.GetRequiredService<ILogger<BrokerNode>>()));
        services.AddSingleton(provider => new DefinitionsImport(
            provider.GetRequiredService<BrokerNode>(),
            provider.GetRequiredService<Users>(),
            provider.GetRequiredService<IOptions<BrokerOptions>>().Value,
            provider.GetRequiredService<ILogger<DefinitionsImport>>()));
        services.AddSingleton<StatisticsLoop>();
        services.AddSingleton<HeadTimestamps>();
        services.AddHostedService(provider => provider.GetRequiredService<StatisticsLoop>());
        services.AddSingleton<ConsumerTimeouts>();
        services.AddHostedService(provider => provider.GetRequiredService<ConsumerTimeouts>());
        services.AddHostedService<BrokerLife>();
    }
}
