using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Quintet.Chassis.Discovery;

namespace Quintet.Chassis.Http;

/// <summary>
/// What every <see cref="HttpClient"/> of the factory does: <c>http://users/users/1</c> finds an instance of users, and hard times are met
/// with measure.
/// </summary>
internal static class OutgoingExtensions
{
    // A person waits for the whole: ten seconds. Three tries of three seconds fit into it.
    private static readonly TimeSpan Total = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PerTry = TimeSpan.FromSeconds(3);
    private const int RetriesMax = 2;

    public static void AddOutgoing(this WebApplicationBuilder builder, ChassisOptions chassis)
    {
        builder.Logging.AddFilter("Polly", LogLevel.Error); // it logs each try with the whole stack
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            // Discovery stands inside the retries, so that each try takes another instance.
            http.AddResilienceHandler("quintet", (pipeline, _) => Configure(pipeline)).SelectPipelineByAuthority();
            if (chassis.RegistryAddress is not null) http.AddHttpMessageHandler<InstanceHandler>();
            http.AddServiceDiscovery();
        });
    }

    /// <summary>One pipeline, with a budget and a breaker of its own, for each service that is called.</summary>
    private static void Configure(ResiliencePipelineBuilder<HttpResponseMessage> pipeline)
    {
        pipeline.AddTimeout(Total)
            .AddRetry(Retries(new RetryBudget()))
            .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions
            {
                FailureRatio = 0.5,
                MinimumThroughput = 20,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = TimeSpan.FromSeconds(2),
            })
            .AddTimeout(PerTry);
    }

    private static HttpRetryStrategyOptions Retries(RetryBudget budget)
    {
        HttpRetryStrategyOptions retries = new()
        {
            MaxRetryAttempts = RetriesMax,
            Delay = TimeSpan.FromMilliseconds(100),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = args => ValueTask.FromResult(IsPassing(args)),
        };
        retries.DisableForUnsafeHttpMethods();
        Func<RetryPredicateArguments<HttpResponseMessage>, ValueTask<bool>> mayRepeat = retries.ShouldHandle;
        retries.ShouldHandle = async args =>
        {
            if (args.AttemptNumber == 0) budget.Earn();
            return await mayRepeat(args) && budget.TrySpend();
        };
        return retries;
    }

    private static bool IsPassing(RetryPredicateArguments<HttpResponseMessage> args) => args.Outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        { Result.StatusCode: HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout } => true,
        _ => false,
    };
}
