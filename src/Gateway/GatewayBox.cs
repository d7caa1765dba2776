using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Client.Consul;
using Quintet.Gateway.Discovery;
using Quintet.Gateway.Drain;
using Quintet.Gateway.Errors;
using Quintet.Gateway.Limits;
using Quintet.Gateway.Requests;
using Quintet.Gateway.Resilience;
using Quintet.Gateway.Routes;
using Quintet.Gateway.Telemetry;
using Quintet.Hosting;
using Quintet.Hosting.Health;
using Quintet.Hosting.Listening;
using Quintet.Hosting.Settings;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace Quintet.Gateway;

/// <summary>The gateway: the single entry point of the system.</summary>
public static class GatewayBox
{
    /// <summary>An unstarted gateway with the options of section <c>Gateway</c>.</summary>
    /// <exception cref="OptionsValidationException">Options are faulty; it names every one.</exception>
    public static WebApplication Build(BoxSettings settings)
    {
        WebApplicationBuilder builder = BoxHost.CreateBuilder("gateway", settings);
        builder.Services.AddValidatedOptions<GatewayOptions>(builder.Configuration, GatewayOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsRules>();
        builder.Services.AddGatewayKestrel().AddGatewayDiscovery().AddGatewayForwarding();
        // An unready gateway says so to whoever asks; each question is not an error of its own.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical);
        // YARP logs each failed request with its stack; the gateway answers, counts and traces them itself.
        builder.Logging.AddFilter("Yarp", LogLevel.Error);

        WebApplication app = builder.Build();
        if (string.IsNullOrEmpty(app.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            app.Lifetime.ApplicationStopped.Register(GatewayTelemetry.KeepTraces().Dispose);
        app.UseGatewayPipeline();
        return app;
    }

    private static void UseGatewayPipeline(this WebApplication app)
    {
        app.UseMiddleware<RequestStep>();
        app.Use(app.Services.GetRequiredService<DrainGate>().InvokeAsync);
        app.UseMiddleware<StrictEdge>();
        // ASP.NET Core believes everybody when nobody is named, so without names the step is not there at all.
        if (app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.TrustedProxies.Count > 0) app.UseForwardedHeaders();
        app.Use(app.Services.GetRequiredService<ClientRate>().InvokeAsync);
        app.UseRouting();
        app.Use((context, next) => context.GetEndpoint() is null ? AnswerUnknownAsync(context) : next(context));
        app.MapQuintetHealth();
        app.MapReverseProxy(proxy =>
        {
            proxy.UseMiddleware<ForwardStep>();
            proxy.UseLoadBalancing();
        });
    }

    // Without a table nothing can be said about a path, so it is not said that there is nothing.
    private static Task AnswerUnknownAsync(HttpContext context) =>
        context.RequestServices.GetRequiredService<CurrentTable>().Table is null
            ? GatewayProblem.WriteAsync(context, GatewayFault.NoTable, null, TimeSpan.FromSeconds(1))
            : GatewayProblem.WriteAsync(context, GatewayFault.UnknownRoute);

    private static IServiceCollection AddGatewayKestrel(this IServiceCollection services)
    {
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<GatewayOptions>>((kestrel, gateway) =>
        {
            GatewayOptions options = gateway.Value;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.Limits.HeaderBytesMax * 2; // above ours, so that ours can answer with a body
            kestrel.Limits.MaxRequestHeaderCount = options.Limits.HeadersMax;
            kestrel.Limits.MaxRequestLineSize = options.Limits.RequestLineBytesMax;
            kestrel.Limits.MaxRequestBodySize = options.Limits.BodyBytesMax;
            kestrel.Limits.MaxConcurrentConnections = options.Limits.ConnectionsMax;
            kestrel.Limits.MaxConcurrentUpgradedConnections = options.Limits.WebSocketsMax;
            kestrel.Limits.RequestHeadersTimeout = options.Limits.HeaderTime;
            kestrel.ListenOn(options.Bind, options.Port);
            if (options.Http2Port is { } http2) kestrel.ListenOn(options.Bind, http2, listen => listen.Protocols = HttpProtocols.Http2);
        });
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<GatewayOptions>>((forwarded, gateway) =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (string proxy in gateway.Value.TrustedProxies) forwarded.KnownIPNetworks.Add(GatewayOptionsRules.NetworkOf(proxy));
        });
        services.AddOptions<HostOptions>().Configure<IOptions<GatewayOptions>>((host, gateway) =>
            host.ShutdownTimeout = gateway.Value.Drain.Delay + gateway.Value.Drain.Deadline);
        return services.AddSingleton<ClientRate>();
    }

    private static IServiceCollection AddGatewayDiscovery(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            RegistryAccess registry = provider.GetRequiredService<IOptions<GatewayOptions>>().Value.Registry;
            return ConsulClient.CreateHttp(registry.Url, registry.Token?.Reveal());
        });
        services.AddSingleton(provider => new ConsulClient(provider.GetRequiredService<HttpClient>()));
        services.AddSingleton<RegistryState>().AddSingleton<PathPattern>().AddSingleton<TableBuilder>().AddSingleton<TableFile>();
        services.AddSingleton(new InMemoryConfigProvider([], [])).AddSingleton<IProxyConfigProvider>(p => p.GetRequiredService<InMemoryConfigProvider>());
        services.AddSingleton<CurrentTable>().AddSingleton<TableLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<TableLoop>()).AddHostedService<RegistryLoop>();
        services.AddHealthChecks().AddCheck<TableCheck>("routes", tags: [HealthRoutes.ReadyTag]);
        return services;
    }

    private static void AddGatewayForwarding(this IServiceCollection services)
    {
        services.AddSingleton<Ejections>().AddSingleton<RetryBudgets>().AddSingleton<ForwardContext>().AddSingleton<GatewayMeter>().AddSingleton<AccessLog>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessLog>());
        services.AddSingleton<DrainGate>().AddHostedService(provider => provider.GetRequiredService<DrainGate>());
        services.AddSingleton<IForwarderHttpClientFactory, InstanceConnections>();
        services.AddReverseProxy()
            .AddTransforms(transforms =>
            {
                transforms.AddRequestTransform(request =>
                {
                    Loop.Set(request.ProxyRequest);
                    return ValueTask.CompletedTask;
                });
                transforms.AddResponseTransform(response =>
                {
                    Forwarding? forwarding = response.HttpContext.Features.Get<Forwarding>();
                    if (response.ProxyResponse is { } answer && forwarding?.Reject(answer) is true) response.SuppressResponseBody = true;
                    return ValueTask.CompletedTask;
                });
            });
    }
}
