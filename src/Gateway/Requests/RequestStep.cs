using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Quintet.Gateway.Errors;
using Quintet.Gateway.Resilience;
using Quintet.Gateway.Telemetry;
using Quintet.Hosting.Errors;
using Quintet.Hosting.Telemetry;

namespace Quintet.Gateway.Requests;

/// <summary>The outermost step: counts and logs every request, and answers for what nobody below has caught.</summary>
internal sealed partial class RequestStep(
    RequestDelegate next, GatewayMeter meter, AccessLog accessLog, Hops hops, TimeProvider time, ILogger<RequestStep> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        long started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away; there is nobody to answer.
        }
        catch (BadHttpRequestException bad)
        {
            bool isTooLarge = bad.StatusCode == StatusCodes.Status413PayloadTooLarge;
            await GatewayProblem.WriteAsync(context, isTooLarge ? GatewayFault.BodyTooLarge : GatewayFault.BadRequest);
        }
        catch (Exception fault)
        {
            Log.RequestFailed(logger, fault);
            await GatewayProblem.WriteAsync(context, GatewayFault.Internal);
        }

        Forwarding? forwarding = context.Features.Get<Forwarding>();
        TimeSpan duration = time.GetElapsedTime(started);
        meter.Answered(forwarding?.Service.Name ?? "none", context.Response.StatusCode, duration);
        if (hops.IsOn && BeginsStory(context)) hops.Note(HopOf(context, forwarding, duration));
        if (!accessLog.IsOn) return;
        accessLog.Write(new AccessLine
        {
            Time = time.GetUtcNow(),
            Client = context.Connection.RemoteIpAddress?.ToString(),
            Method = context.Request.Method,
            Path = context.Request.Path.Value,
            Protocol = context.Request.Protocol,
            Status = context.Response.StatusCode,
            Milliseconds = Math.Round(duration.TotalMilliseconds, 2),
            Service = forwarding?.Service.Name,
            Instance = forwarding is { Tried: [.., { } last] } ? last.DestinationId : null,
            Tries = forwarding?.Tried.Count ?? 0,
            TraceId = Problems.TraceIdOf(context),
        });
    }

    /// <summary>What only reads, and does so well, changes nothing that a story could tell of; and it is most of what a gateway sees.</summary>
    private static bool BeginsStory(HttpContext context) =>
        context.Response.StatusCode >= 500
        || !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method));

    private static Hop HopOf(HttpContext context, Forwarding? forwarding, TimeSpan duration) =>
        new(HopStage.Request, context.Response.StatusCode.ToString(CultureInfo.InvariantCulture))
        {
            Place = $"{context.Request.Method} {context.Request.Path}",
            Detail = forwarding is { Tried: [.., { } last] } ? last.DestinationId : null,
            Attempt = forwarding?.Tried.Count,
            Duration = duration,
        };

    private static partial class Log
    {
        [LoggerMessage(5041, LogLevel.Error, "A request failed in the gateway")]
        public static partial void RequestFailed(ILogger logger, Exception fault);
    }
}
