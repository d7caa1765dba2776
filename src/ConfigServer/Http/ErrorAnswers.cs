using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Quintet.Hosting.Errors;

namespace Quintet.ConfigServer.Http;

/// <summary>
/// How errors look: on the imitated routes as Spring's server writes them, under our own prefix as problem details. An exception that nobody
/// expected becomes a 500 without its text.
/// </summary>
internal static class ErrorAnswers
{
    public const string OwnPrefix = "/_ext";

    public static void UseErrorAnswers(this WebApplication app, TimeProvider time) =>
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => WriteAsync(context, context.Features.Get<IExceptionHandlerFeature>()?.Error, time),
            SuppressDiagnosticsCallback = diagnostics => diagnostics.Exception is RequestRefused or BadHttpRequestException,
        });

    private static Task WriteAsync(HttpContext context, Exception? fault, TimeProvider time)
    {
        (int status, string message, string kind) = fault switch
        {
            RequestRefused refused => (refused.Status, refused.Message, refused.Kind),
            BadHttpRequestException bad => (bad.StatusCode, bad.Message, RefusalKind.Request),
            _ => (StatusCodes.Status500InternalServerError,
                "an unexpected error; the server's log has it under the trace id", Problems.TypeOf("config-internal")),
        };
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Basic realm=\"configuration\", charset=\"UTF-8\"";
        return context.Request.Path.StartsWithSegments(OwnPrefix, StringComparison.Ordinal)
            ? WriteProblemAsync(context, status, message, kind)
            : WriteSpringAsync(context, status, message, time);
    }

    private static Task WriteProblemAsync(HttpContext context, int status, string message, string kind)
    {
        ProblemDetails problem = new() { Type = kind, Title = ReasonPhrases.GetReasonPhrase(status), Status = status, Detail = message };
        problem.Extensions["traceId"] = Problems.TraceIdOf(context);
        return context.Response.WriteAsJsonAsync(problem, JsonSerializerOptions.Web, "application/problem+json", context.RequestAborted);
    }

    private static Task WriteSpringAsync(HttpContext context, int status, string message, TimeProvider time) =>
        context.Response.WriteAsJsonAsync(
            new
            {
                timestamp = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'+00:00'", CultureInfo.InvariantCulture),
                status,
                error = ReasonPhrases.GetReasonPhrase(status),
                message,
                path = context.Request.Path.Value,
            },
            context.RequestAborted);
}
