using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quintet.Hosting.Errors;
using Quintet.Hosting.Health;
using Quintet.Hosting.Memory;
using Quintet.Hosting.Settings;
using Quintet.Hosting.Supervised;
using Quintet.Hosting.Telemetry;

namespace Quintet.Hosting;

/// <summary>The common ground of the boxes: settings, logs, telemetry, health and problem details, wired once.</summary>
public static class BoxHost
{
    /// <summary>
    /// A builder that listens nowhere yet. Settings come from <paramref name="settings"/>; logs go to the console in the format that
    /// <c>Logging:Console:FormatterName</c> names (<c>simple</c> by default, <c>json</c> under the supervisor); the process has 10 s to
    /// stop (<c>QUINTET_SHUTDOWN_SECONDS</c>).
    /// </summary>
    /// <param name="box">The box's name in telemetry and logs: <c>registry</c>, <c>broker</c>, <c>config</c>, <c>gateway</c>.</param>
    /// <param name="settings">Where its options come from.</param>
    public static WebApplicationBuilder CreateBuilder(string box, BoxSettings settings)
    {
        SupervisedProcess.JoinSupervisor();
        WebApplicationBuilder builder = CreateEmpty(box);
        if (settings.File is not null) builder.Configuration.AddJsonFile(Path.GetFullPath(settings.File), optional: false, reloadOnChange: true);
        builder.Configuration.AddEnvironmentVariables().AddInMemoryCollection(settings.Values);

        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"))
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical) // a part that is stopping is not an error
            .AddConsole();
        builder.Logging.Configure(options => options.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        builder.Services.Configure<HostOptions>(host =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(builder.Configuration.GetValue("QUINTET_SHUTDOWN_SECONDS", 10)));
        builder.AddQuintetTelemetry($"quintet-{box}");
        builder.Services.AddSingleton(ProcessMemory.OfThisProcess);
        builder.Services.AddHostedService<QuietLoop>();
        return builder;
    }

    /// <summary>
    /// A builder for a box inside somebody else's process, such as a test program. The process stays its owner's: no signal is taken, no
    /// environment variable is read, nothing goes to the console, and telemetry goes where the owner sends it.
    /// </summary>
    /// <param name="box">The box's name in telemetry and logs.</param>
    /// <param name="values">Configuration keys (<c>Broker:Port</c>) and values; nothing else is read.</param>
    /// <param name="loggers">Where logs go. It stays its owner's to dispose.</param>
    public static WebApplicationBuilder CreateEmbeddedBuilder(string box, IReadOnlyDictionary<string, string?> values, ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = CreateEmpty(box);
        builder.Configuration.AddInMemoryCollection(values);
        builder.Services.Replace(ServiceDescriptor.Singleton(loggers));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, EmbeddedLifetime>());
        return builder;
    }

    private static WebApplicationBuilder CreateEmpty(string box)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = $"quintet-{box}",
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddRouting();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddQuintetHealth();
        builder.Services.AddQuintetProblems();
        return builder;
    }

    /// <summary>The default lifetime would answer Ctrl-C in place of the process's owner.</summary>
    private sealed class EmbeddedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
