using System.Net;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Quintet.Chassis.Telemetry;

namespace Quintet.Chassis.Calls;

/// <summary>
/// Which failed calls are repeated, and when: those without effect, on faults that pass, within the service's budget, and only when the
/// repetition still has time.
/// </summary>
internal sealed class CallRetries(CalledService service, CallOptions options, TimeProvider time, Random random)
{
    public RetryStrategyOptions<HttpResponseMessage> ToStrategy() => new()
    {
        MaxRetryAttempts = options.RetriesMax,
        ShouldHandle = args => ValueTask.FromResult(MayRepeat(args)),
        DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(Pause(args.Outcome.Result, args.AttemptNumber)),
        OnRetry = _ =>
        {
            ChassisMeter.Retries.Add(1, new KeyValuePair<string, object?>("service", service.Name));
            return ValueTask.CompletedTask;
        },
    };

    /// <summary>Half of the pause is certain and half is chance; what the other side asks for (<c>Retry-After</c>) is kept to.</summary>
    public TimeSpan Pause(HttpResponseMessage? answer, int attempt) => Longer(PauseMax(attempt) * (0.5 + (random.NextDouble() / 2)), AskedFor(answer));

    private bool MayRepeat(RetryPredicateArguments<HttpResponseMessage> args)
    {
        if (args.AttemptNumber == 0) service.Budget.Earn();
        return args.AttemptNumber < options.RetriesMax
            && IsPassing(args.Outcome)
            && args.Context.GetRequestMessage() is { } request
            && IsSafe(request.Method)
            && CallDeadline.LeftOf(request, time) > Longer(PauseMax(args.AttemptNumber), AskedFor(args.Outcome.Result))
            && service.Budget.TrySpend();
    }

    private static bool IsPassing(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        { Result.StatusCode: HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout } => true,
        _ => false,
    };

    private static bool IsSafe(HttpMethod method) => method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options;

    private TimeSpan PauseMax(int attempt) => options.RetryPause * Math.Pow(2, attempt);

    private TimeSpan AskedFor(HttpResponseMessage? answer) => answer?.Headers.RetryAfter switch
    {
        { Delta: { } wait } => wait,
        { Date: { } date } => date - time.GetUtcNow(),
        _ => TimeSpan.Zero,
    };

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
