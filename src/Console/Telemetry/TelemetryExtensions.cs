using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Forwarding;
using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Receiving;
using Quintet.Console.Telemetry.Storage;
using Quintet.Console.Telemetry.Upkeep;
using Quintet.Hosting.Telemetry;
using Hops = Quintet.Console.Telemetry.Queries.Hops;

namespace Quintet.Console.Telemetry;

/// <summary>The telemetry store within the console.</summary>
internal static class TelemetryExtensions
{
    /// <summary>Adds the store, its two ports and the questions it answers.</summary>
    public static IServiceCollection AddTelemetryStore(this IServiceCollection services)
    {
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ConsoleOptions>>((kestrel, console) => OtlpPort.ListenOn(kestrel, console.Value));
        services.AddGrpc();
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<ConsoleOptions>>(
            (grpc, console) => grpc.MaxReceiveMessageSize = console.Value.Telemetry.Limits.BodyBytesMax);

        services.AddSingleton<TelemetryMeter>().AddSingleton<TelemetryFile>().AddSingleton<Signals>().AddSingleton<Intake>();
        services.AddSingleton<OtlpHttp>().AddSingleton<OtlpGrpc>().AddSingleton<Collector>().AddSingleton<Settlement>().AddSingleton<Cleanup>();
        services.AddSingleton<StoreReader>().AddSingleton<Traces>().AddSingleton<Logs>().AddSingleton<Metrics>();
        services.AddSingleton<RequestFigures>().AddSingleton<Calls>().AddSingleton<Hops>();

        // Hosted services start in this order and stop in the other: the file is open before anything needs it, and after.
        services.AddSingleton<WriterLoop>().AddHostedService(provider => provider.GetRequiredService<WriterLoop>());
        services.AddHostedService<SettleLoop>().AddHostedService<CleanupLoop>();
        services.AddSingleton<ForwardLoop>().AddHostedService(provider => provider.GetRequiredService<ForwardLoop>());
        return services;
    }

    /// <summary>
    /// Maps the receiver. It comes before everything that looks at requests: what arrives at its ports goes nowhere else, and what arrives
    /// elsewhere does not reach it.
    /// </summary>
    /// <returns>The API over what is kept, for whoever decides on access to it.</returns>
    public static RouteGroupBuilder MapTelemetry(this WebApplication app)
    {
        OtlpHttp overHttp = app.Services.GetRequiredService<OtlpHttp>();
        app.Use((http, next) =>
        {
            Endpoint? endpoint = http.GetEndpoint();
            bool isGrpc = endpoint?.Metadata.GetMetadata<GrpcMethodMetadata>() is not null;
            if (http.Features.Get<OtlpPort>() is not { } port) return isGrpc ? NotHereAsync(http) : next(http);

            http.LeaveOutOfTelemetry();
            if (!port.IsGrpc) return overHttp.InvokeAsync(http);
            return isGrpc ? endpoint!.RequestDelegate!(http) : NotHereAsync(http);
        });
        app.MapGrpcService<GrpcTraces>();
        app.MapGrpcService<GrpcLogs>();
        app.MapGrpcService<GrpcMetrics>();
        return TelemetryRoutes.Map(app);
    }

    private static Task NotHereAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
