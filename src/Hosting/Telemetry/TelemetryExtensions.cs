using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Quintet.Hosting.Telemetry;

/// <summary>OpenTelemetry, the same for every process here.</summary>
public static class TelemetryExtensions
{
    // YARP's own span says nothing that those of the request before it and of the call behind it do not.
    private static readonly string[] Sources = ["Quintet.*", "System.Net.Http", "RabbitMQ.Client.*"];
    private static readonly string[] Meters =
    [
        "Quintet.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime",
    ];

    // Room for 2,000 sets of attributes is taken for each instrument at once; these have a few, whatever the service does.
    private static MetricStreamConfiguration? RoomFor(Instrument instrument) =>
        instrument.Meter.Name is "System.Runtime" or "Microsoft.AspNetCore.Server.Kestrel" ? new MetricStreamConfiguration { CardinalityLimit = 100 } : null;

    /// <summary>
    /// Exports traces, metrics and logs when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, and costs nothing when it is not. All standard
    /// <c>OTEL_*</c> variables apply. Health probes are not traced. <see cref="Hops"/> is there in any case.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The <c>service.name</c> of the resource unless <c>OTEL_SERVICE_NAME</c> gives another.</param>
    public static void AddQuintetTelemetry(this IHostApplicationBuilder builder, string name)
    {
        builder.Services.TryAddSingleton<Hops>();
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            builder.Logging.AddFilter(Hops.Category, LogLevel.None);
            return;
        }

        builder.Logging.AddFilter<ConsoleLoggerProvider>(Hops.Category, LogLevel.None);

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService(
                    builder.Configuration["OTEL_SERVICE_NAME"] ?? name,
                    serviceInstanceId: builder.Configuration["QUINTET_INSTANCE"] ?? Environment.MachineName))
            .WithTracing(tracing => tracing
                .AddAspNetCoreInstrumentation(http => http.Filter = context => !context.Request.Path.StartsWithSegments("/health"))
                .AddSource(Sources))
            .WithMetrics(metrics => metrics.AddMeter(Meters).AddView(RoomFor))
            .WithLogging(null, logs => logs.IncludeFormattedMessage = true) // whoever reads a log wants its words, not the template
            .UseOtlpExporter();
    }
}
