using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.ConfigServer.Access;
using Quintet.ConfigServer.Changes;
using Quintet.ConfigServer.Environments;
using Quintet.ConfigServer.Http;
using Quintet.ConfigServer.Sources;
using Quintet.Hosting;
using Quintet.Hosting.Health;
using Quintet.Hosting.Listening;
using Quintet.Hosting.Settings;

namespace Quintet.ConfigServer;

/// <summary>The configuration server: Spring Cloud Config's HTTP API on a Git repository.</summary>
public static class ConfigServerBox
{
    /// <summary>The server, not started yet. It takes its folder and opens the repository when it starts, and fails to start when it cannot.</summary>
    public static WebApplication Build(BoxSettings settings)
    {
        WebApplicationBuilder builder = BoxHost.CreateBuilder("config", settings);
        builder.Services.AddValidatedOptions<ConfigServerOptions>(builder.Configuration, ConfigServerOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<ConfigServerOptions>>().Value);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<ConfigServerOptions>((kestrel, options) =>
        {
            kestrel.Limits.MaxRequestBodySize = options.Limits.FileBytes;
            kestrel.ListenOn(options.Bind, options.Port);
        });
        AddSources(builder.Services);
        AddRoutes(builder.Services);

        WebApplication app = builder.Build();
        app.UseErrorAnswers(app.Services.GetRequiredService<TimeProvider>());
        app.UseRouting();
        app.MapQuintetHealth();
        MapRoutes(app);
        return app;
    }

    private static void AddSources(IServiceCollection services)
    {
        services.AddSingleton(provider => new SnapshotSettings(provider.GetRequiredService<ConfigServerOptions>()));
        services.AddSingleton(provider => new GitRepository(RepositoryFolder(provider.GetRequiredService<ConfigServerOptions>())));
        services.AddSingleton(provider => LoopSettingsOf(provider, provider.GetRequiredService<ConfigServerOptions>()));
        services.AddSingleton(provider => new BranchSwap(provider.GetRequiredService<LoopSettings>().DataFolder, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<FirstCommit>();
        services.AddSingleton<FirstStart>();
        services.AddSingleton<CommitWriter>();
        services.AddSingleton<Labels>();
        services.AddHostedService<RefreshLoop>();
        services.AddHealthChecks().AddCheck<RepositoryHealth>("repository", tags: [HealthRoutes.ReadyTag]);
    }

    private static void AddRoutes(IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ConfigServerOptions>, TokenRules>();
        services.AddSingleton<TokenAccess>();
        services.AddSingleton<EnvironmentLookup>();
        services.AddSingleton<EnvironmentRoutes>();
        services.AddSingleton(provider => new WatchSettings(
            provider.GetRequiredService<ConfigServerOptions>().Limits,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
        services.AddSingleton<WatchRoutes>();
        services.AddSingleton<FileRoutes>();
    }

    private static void MapRoutes(WebApplication app)
    {
        TokenAccess access = app.Services.GetRequiredService<TokenAccess>();
        app.Services.GetRequiredService<WatchRoutes>().Map(app);
        app.Services.GetRequiredService<FileRoutes>().Map(app);
        app.MapAbsent(context => access.Authenticate(context));
        app.Services.GetRequiredService<EnvironmentRoutes>().Map(app);
    }

    private static string RepositoryFolder(ConfigServerOptions options) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Repository ?? Path.Combine(options.DataFolder, "repository")));

    private static LoopSettings LoopSettingsOf(IServiceProvider services, ConfigServerOptions options) =>
        new(Path.GetFullPath(options.DataFolder), options.PollInterval,
            services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<RefreshLoop>>());
}
