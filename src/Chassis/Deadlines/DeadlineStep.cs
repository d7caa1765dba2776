using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Quintet.Chassis.Telemetry;
using Quintet.Hosting.Deadlines;
using Quintet.Hosting.Errors;

namespace Quintet.Chassis.Deadlines;

/// <summary>
/// Ends a request when its sender has stopped waiting (<see cref="DeadlineHeader"/>): nothing left, and it is not begun; over, and its
/// cancellation token ends it. The answer is 504 then. The deadline is for the head of the answer, as the gateway's timeout is: once the
/// answer has begun it is sent to its end. A header that cannot be read is ignored, since the request without it would be served.
/// </summary>
internal sealed partial class DeadlineStep(RequestDelegate next, TimeProvider time, ILogger<DeadlineStep> logger)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Headers.ContainsKey(DeadlineHeader.Name)) return next(context);
        if (DeadlineHeader.Read(context.Request.Headers) is not { } left)
        {
            Log.Unreadable(logger);
            return next(context);
        }

        if (left > TimeSpan.Zero) return RunAsync(context, left);
        ChassisMeter.Shed.Add(1, new KeyValuePair<string, object?>("reason", "deadline"));
        return AnswerAsync(context, "Nothing of the deadline was left when the request came in; it was not begun.");
    }

    private async Task RunAsync(HttpContext context, TimeSpan left)
    {
        CancellationToken clientGone = context.RequestAborted;
        using Deadline deadline = Deadline.Begin(left, time, clientGone);
        context.RequestAborted = deadline.End;
        context.Response.OnStarting(() =>
        {
            deadline.Lift();
            context.RequestAborted = clientGone;
            return Task.CompletedTask;
        });
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (deadline.Over.IsCancellationRequested && !clientGone.IsCancellationRequested && !context.Response.HasStarted)
        {
            context.RequestAborted = clientGone;
            context.Response.Clear();
            await AnswerAsync(context, "The deadline was over before there was an answer. A write may still have been done.");
        }
        finally
        {
            context.RequestAborted = clientGone;
        }
    }

    private static Task AnswerAsync(HttpContext context, string detail) => TypedResults.Problem(
        detail,
        statusCode: StatusCodes.Status504GatewayTimeout,
        title: "The deadline is over.",
        type: Problems.TypeOf("deadline-exceeded")).ExecuteAsync(context);

    private static partial class Log
    {
        [LoggerMessage(6611, LogLevel.Debug, "X-Request-Deadline is no number of milliseconds and is ignored")]
        public static partial void Unreadable(ILogger logger);
    }
}
