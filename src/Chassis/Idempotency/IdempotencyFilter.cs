using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Quintet.Chassis.Http;

namespace Quintet.Chassis.Idempotency;

/// <summary>
/// Around an endpoint with <see cref="IdempotencyExtensions.WithIdempotency"/>: a request with a known key gets the kept answer, one with a new
/// key runs. Whatever comes of it, the database is asked again afterwards, since it alone knows whether this request's change was made,
/// another's with the same key, or none; a duplicate e-mail, a lost connection at the commit and an instance that was faster are one case.
/// </summary>
internal sealed partial class IdempotencyFilter(AnswerStore answers, KeyTurns turns, ILogger<IdempotencyFilter> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        StringValues given = http.Request.Headers[IdempotencyKey.Header];
        if (given.Count == 0) return await next(context);
        if (IdempotencyKey.Parse(given) is not { } key) return new Faults().Check(false, IdempotencyKey.Header, IdempotencyKey.Rule).ToProblem();

        IdempotentRequest request = http.RequestServices.GetRequiredService<IdempotentRequest>();
        await request.BeginAsync(http, key);
        using IDisposable turn = await turns.TakeAsync(request.KeyHash, http.RequestAborted);
        return await answers.FindAsync(request, http.RequestAborted) ?? await RunAsync(request, context, next);
    }

    private async Task<object?> RunAsync(IdempotentRequest request, EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        CancellationToken cancellation = context.HttpContext.RequestAborted;
        object? answer;
        try
        {
            answer = await next(context);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            if (await answers.FindAsync(request, cancellation) is { } found) return found;
            throw;
        }

        if (await answers.FindAsync(request, cancellation) is { } kept) return kept;
        object? inner = answer is INestedHttpResult nested ? nested.Result : answer;
        if (inner is IStatusCodeHttpResult { StatusCode: >= 200 and < 300 }) Log.NotKept(logger, context.HttpContext.GetEndpoint()?.DisplayName);
        return answer;
    }

    private static partial class Log
    {
        [LoggerMessage(6601, LogLevel.Warning, "{Endpoint} answered a request with an Idempotency-Key without keeping its answer; a repetition runs again")]
        public static partial void NotKept(ILogger logger, string? endpoint);
    }
}
