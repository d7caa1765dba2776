using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Telemetry;
using Quintet.Hosting.Errors;

namespace Quintet.Chassis.Load;

/// <summary>
/// Answers 503 at once when too many requests are in hand: those in hand are finished in time, instead of all of them too late. Health is
/// asked all the same, since a busy instance must not be taken for a dead one.
/// </summary>
internal sealed partial class LoadStep(RequestDelegate next, IOptions<LoadOptions> options, ILogger<LoadStep> logger)
{
    private readonly LoadOptions _options = options.Value;
    private int _inHand;
    private int _isShedding; // 1 from the first refusal until half of the room is free

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/health"))
        {
            await next(context);
            return;
        }

        bool isTaken = Interlocked.Increment(ref _inHand) <= _options.InHandMax;
        try
        {
            if (isTaken) await next(context);
        }
        finally
        {
            int left = Interlocked.Decrement(ref _inHand);
            if (left <= _options.InHandMax / 2 && Interlocked.Exchange(ref _isShedding, 0) == 1) Log.Ended(logger);
        }

        if (!isTaken) await ShedAsync(context);
    }

    private Task ShedAsync(HttpContext context)
    {
        ChassisMeter.Shed.Add(1, new KeyValuePair<string, object?>("reason", "load"));
        if (Interlocked.Exchange(ref _isShedding, 1) == 0) Log.Began(logger, _options.InHandMax);
        context.Response.Headers.RetryAfter = ((long)Math.Ceiling(_options.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return TypedResults.Problem(
            statusCode: StatusCodes.Status503ServiceUnavailable,
            title: "Too many requests are in hand.",
            type: Problems.TypeOf("overloaded")).ExecuteAsync(context);
    }

    private static partial class Log
    {
        [LoggerMessage(6621, LogLevel.Warning, "{Max} requests are in hand; more are refused")]
        public static partial void Began(ILogger logger, int max);

        [LoggerMessage(6622, LogLevel.Information, "Requests are taken again")]
        public static partial void Ended(ILogger logger);
    }
}
