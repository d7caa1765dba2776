using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Hosting.Health;

namespace Quintet.Chassis.Configuration;

internal static class ConfigServerExtensions
{
    /// <summary>Puts the configuration server above the appsettings files and below the environment and the command line.</summary>
    public static void AddConfigServer(this WebApplicationBuilder builder, ChassisOptions chassis)
    {
        if (chassis.ConfigServerUrl is null) return;
        if (!Uri.TryCreate(chassis.ConfigServerUrl, UriKind.Absolute, out _))
            throw new FormatException($"CONFIG_SERVER_URL: '{chassis.ConfigServerUrl}' is not a URL; expected for example http://127.0.0.1:8888");

        ConfigServerState state = new();
        IList<IConfigurationSource> sources = builder.Configuration.Sources;
        int files = sources.Select((source, index) => source is FileConfigurationSource ? index : -1).DefaultIfEmpty(-1).Max();
        sources.Insert(files + 1, new ConfigServerSource(chassis, state, TimeProvider.System));
        builder.Services.AddSingleton(state);
        builder.Services.AddHostedService<ConfigServerState.Speaker>();
        builder.Services.AddHealthChecks().AddCheck("configuration", state, tags: [HealthRoutes.ReadyTag]);
    }
}
