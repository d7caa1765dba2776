using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Quintet.Hosting;
using Quintet.Hosting.Health;
using Quintet.Hosting.Listening;
using Quintet.Hosting.Settings;
using Quintet.Registry.Access;
using Quintet.Registry.BlockingQueries;
using Quintet.Registry.Catalog;
using Quintet.Registry.Checks;
using Quintet.Registry.Http;
using Quintet.Registry.KeyValue;
using Quintet.Registry.Sessions;
using Quintet.Registry.Storage;
using Quintet.Registry.Telemetry;

namespace Quintet.Registry;

/// <summary>
/// The registry: who is running where, and is it healthy; keys and values beside it. Speaks a subset of Consul's HTTP API.
/// </summary>
public static class RegistryBox
{
    /// <summary>
    /// An unstarted registry. It opens its data folder and its port when it is started, and says there what is wrong with either.
    /// </summary>
    /// <param name="settings">Section <c>Registry</c>, see <see cref="RegistryOptions"/>.</param>
    public static WebApplication Build(BoxSettings settings) => Build(settings, static _ => { });

    /// <summary>As <see cref="Build(BoxSettings)"/>; tests replace the clock or the disk.</summary>
    internal static WebApplication Build(BoxSettings settings, Action<IServiceCollection> replace)
    {
        WebApplicationBuilder builder = BoxHost.CreateBuilder("registry", settings);
        builder.Services.AddValidatedOptions<RegistryOptions>(builder.Configuration, "Registry");
        builder.Services.AddSingleton<IValidateOptions<RegistryOptions>, RegistryRules>();
        builder.Services.AddSingleton<RegistryMetrics>().AddSingleton<LiveAccess>();
        AddStorage(builder.Services);
        AddChecks(builder.Services);
        AddRoutes(builder.Services);
        builder.Services.AddHealthChecks().AddCheck<StorageCheck>("storage", tags: [HealthRoutes.ReadyTag]);
        replace(builder.Services);

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            RegistryOptions options = kestrel.ApplicationServices.GetRequiredService<IOptions<RegistryOptions>>().Value;
            kestrel.Limits.MaxRequestBodySize = null; // each route has its own limit and its own text for it
            ConnectionLimit limit = new(options.Limits.ConnectionsMax);
            kestrel.ListenOn(options.Bind, options.Port, limit.Apply);
        });

        WebApplication app = builder.Build();
        app.Services.GetRequiredService<RegistryMetrics>().ObserveWatches(() => app.Services.GetRequiredService<Watches>().Parked);
        ApiEndpoint api = app.Services.GetRequiredService<ApiEndpoint>();
        app.Use(ConnectionLimit.RefuseSurplusAsync);
        app.Use((http, next) => api.InvokeAsync(http, next));
        app.MapQuintetHealth();
        return app;
    }

    /// <summary>Hosted services start in this order and stop in the other: storage is the first and the last.</summary>
    private static void AddStorage(IServiceCollection services)
    {
        services.AddSingleton<Disk>().AddSingleton<LockDelays>().AddSingleton<Watches>().AddSingleton<CommitLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<CommitLoop>());
        services.AddHostedService<LocalNode>();
    }

    private static void AddChecks(IServiceCollection services)
    {
        services.AddSingleton<ProbeTargets>().AddSingleton<Prober>();
        services.AddSingleton<CheckClocks>().AddSingleton<CheckReports>().AddSingleton<CheckSchedule>();
        services.AddHostedService(provider => provider.GetRequiredService<CheckSchedule>());
        services.AddHostedService<ReaperLoop>();
        services.AddSingleton<SessionClocks>().AddHostedService(provider => provider.GetRequiredService<SessionClocks>());
    }

    private static void AddRoutes(IServiceCollection services)
    {
        services.AddSingleton<Reads>().AddSingleton<ApiEndpoint>();
        services.AddSingleton<AgentRoutes>().AddSingleton<AgentServiceRoutes>().AddSingleton<AgentHealthRoutes>();
        services.AddSingleton<AgentCheckRoutes>().AddSingleton<MaintenanceRoutes>();
        services.AddSingleton<CatalogRoutes>().AddSingleton<ServiceHealthRoutes>().AddSingleton<ExternalNodeRoutes>();
        services.AddSingleton<KeyRoutes>().AddSingleton<TransactionRoutes>().AddSingleton<SessionRoutes>();
        services.AddSingleton(provider =>
        {
            RouteTable routes = new();
            provider.GetRequiredService<AgentRoutes>().Map(routes);
            provider.GetRequiredService<AgentServiceRoutes>().Map(routes);
            provider.GetRequiredService<AgentCheckRoutes>().Map(routes);
            provider.GetRequiredService<MaintenanceRoutes>().Map(routes);
            provider.GetRequiredService<CatalogRoutes>().Map(routes);
            provider.GetRequiredService<ServiceHealthRoutes>().Map(routes);
            provider.GetRequiredService<AgentHealthRoutes>().Map(routes);
            provider.GetRequiredService<ExternalNodeRoutes>().Map(routes);
            provider.GetRequiredService<KeyRoutes>().Map(routes);
            provider.GetRequiredService<SessionRoutes>().Map(routes);
            provider.GetRequiredService<TransactionRoutes>().Map(routes);
            return routes;
        });
    }
}
