using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quintet.Chassis.Calls;
using Quintet.Chassis.Cleanup;
using Quintet.Chassis.Configuration;
using Quintet.Chassis.Deadlines;
using Quintet.Chassis.Discovery;
using Quintet.Chassis.Http;
using Quintet.Chassis.Idempotency;
using Quintet.Chassis.Load;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Sagas;
using Quintet.Hosting.Errors;
using Quintet.Hosting.Health;
using Quintet.Hosting.Settings;
using Quintet.Hosting.Supervised;
using Quintet.Hosting.Telemetry;

namespace Quintet.Chassis;

/// <summary>The chassis of a service in two calls: <see cref="AddQuintet"/> on the builder, <see cref="UseQuintet"/> on the application.</summary>
public static class QuintetExtensions
{
    // A service's requests are small; what needs more (uploads) raises it for its own endpoints. Kestrel's own default is 30 MB.
    private const int BodyBytesMax = 1 << 20;

    /// <summary>
    /// Listening on <c>PORT</c>, configuration, registration and discovery, resilient calls, telemetry, logs, health, problem details and
    /// OpenAPI, as far as the environment names what they need (<see cref="ChassisOptions"/>).
    /// </summary>
    /// <exception cref="FormatException">A variable of the environment cannot be read; the message names it.</exception>
    public static WebApplicationBuilder AddQuintet(this WebApplicationBuilder builder)
    {
        SupervisedProcess.JoinSupervisor();
        ChassisOptions chassis = ChassisOptions.From(builder.Configuration, builder.Environment.ApplicationName);
        builder.Services.AddSingleton(chassis);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(host =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(builder.Configuration.GetValue("QUINTET_SHUTDOWN_SECONDS", 10)));

        builder.AddLogs();
        builder.AddQuintetTelemetry(chassis.Service);
        builder.Services.AddQuintetHealth();
        builder.AddConfigServer(chassis);
        builder.AddDiscovery(chassis);
        builder.AddCalls(chassis);
        builder.AddIncoming(chassis);
        builder.Services.AddValidatedOptions<LoadOptions>(builder.Configuration, "Load");
        builder.AddIdempotency();
        builder.AddSagas();
        builder.Services.AddHostedService<CleanupLoop>();
        return builder;
    }

    /// <summary>
    /// The pipeline before the service's own endpoints, and the endpoints every service has: <c>/health/live</c>, <c>/health/ready</c> and
    /// <c>/openapi/v1.json</c>.
    /// </summary>
    public static WebApplication UseQuintet(this WebApplication app)
    {
        IHostApplicationLifetime lifetime = app.Lifetime;
        app.Use((context, next) =>
        {
            // While draining, callers that keep connections open are told to open their next one elsewhere.
            if (lifetime.ApplicationStopping.IsCancellationRequested) context.Response.Headers.Connection = "close";
            return next(context);
        });
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<LoadStep>();
        app.UseMiddleware<DeadlineStep>();
        app.UseIdempotency(BodyBytesMax);
        app.MapQuintetHealth();
        app.MapOpenApi();
        if (app.Services.GetRequiredService<ChassisOptions>().OperationsToken is { } token) app.MapOutbox(token);
        app.WatchCalls(app.Services.GetRequiredService<ChassisOptions>());
        return app;
    }

    private static void AddLogs(this WebApplicationBuilder builder)
    {
        builder.Logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
            // It logs as an error that a draining instance is not ready.
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical)
            // It logs as an error, with the whole stack, what it then throws, a duplicate that becomes a 409 included.
            .AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Critical);
        builder.Logging.Configure(options => options.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
    }

    private static void AddIncoming(this WebApplicationBuilder builder, ChassisOptions chassis)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyBytesMax;
            if (chassis.Port is { } port) kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddQuintetProblems();
        builder.Services.PostConfigure<ProblemDetailsOptions>(problems =>
        {
            Action<ProblemDetailsContext>? customize = problems.CustomizeProblemDetails;
            problems.CustomizeProblemDetails = context =>
            {
                customize?.Invoke(context);
                context.ProblemDetails.Extensions.Remove("trace_id"); // the framework's own, named by the JSON policy below, beside our traceId
            };
        });
        builder.Services.AddExceptionHandler<BadRequests>();
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
        builder.Services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = chassis.Service; // not that of the program, which is a test now and then
            return Task.CompletedTask;
        }));
    }
}
