using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly;
using Quintet.Chassis.Discovery;
using Quintet.Hosting.Settings;

namespace Quintet.Chassis.Calls;

/// <summary>
/// What every <see cref="HttpClient"/> of the factory does: <c>http://users/users/1</c> finds an instance of users, and hard times are met
/// with measure.
/// </summary>
internal static class CallExtensions
{
    public static void AddCalls(this WebApplicationBuilder builder, ChassisOptions chassis)
    {
        builder.Logging.AddFilter("Polly", LogLevel.Error); // it logs each try with the whole stack
        builder.Services.AddValidatedOptions<CallOptions>(builder.Configuration, "Calls");
        builder.Services.AddSingleton<CalledServices>().AddTransient<CallHops>().AddTransient<CallDeadline>().AddTransient<TryDeadline>();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddHttpMessageHandler<CallHops>();
            http.AddHttpMessageHandler<CallDeadline>();
            // Discovery stands inside the retries, so that each try takes another instance.
            http.AddResilienceHandler("quintet", Configure).SelectPipelineBy(_ => request => request.RequestUri?.Authority ?? "");
            if (chassis.RegistryAddress is not null) http.AddHttpMessageHandler<InstanceHandler>();
            http.AddServiceDiscovery();
            http.AddHttpMessageHandler<TryDeadline>();
        });
    }

    /// <summary>One pipeline for each client and each service that it calls.</summary>
    private static void Configure(ResiliencePipelineBuilder<HttpResponseMessage> pipeline, ResilienceHandlerContext context)
    {
        CallOptions options = context.ServiceProvider.GetRequiredService<IOptions<CallOptions>>().Value;
        CalledService service = context.ServiceProvider.GetRequiredService<CalledServices>().Of(context.InstanceName);
        TimeProvider time = context.ServiceProvider.GetRequiredService<TimeProvider>();

        pipeline.TimeProvider = time;
        pipeline.AddTimeout(options.TotalTimeout).AddStrategy(_ => new Bulkhead(service, options, time));
        if (options.RetriesMax > 0) pipeline.AddRetry(new CallRetries(service, options, time, Random.Shared).ToStrategy());
        pipeline.AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
            {
                FailureRatio = options.Breaker.FailureRatio,
                MinimumThroughput = options.Breaker.TriesMin,
                SamplingDuration = options.Breaker.Window,
                BreakDuration = options.Breaker.Pause,
                OnOpened = _ =>
                {
                    service.BreakerOpened();
                    return ValueTask.CompletedTask;
                },
                OnHalfOpened = _ =>
                {
                    service.BreakerHalfOpened();
                    return ValueTask.CompletedTask;
                },
            })
            .AddTimeout(options.TryTimeout);
    }
}
