using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Quintet.Hosting.Errors;

namespace Quintet.Gateway.Errors;

/// <summary>The body of the gateway's own answers (RFC 9457).</summary>
internal sealed record GatewayProblem(string Type, string Title, int Status, string? Detail, string TraceId)
{
    /// <summary>
    /// Answers with a problem, if the answer has not begun. The header <c>Proxy-Status</c> (RFC 9209) names the gateway, so that its
    /// answers are told from a service's.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="fault">What is wrong.</param>
    /// <param name="detail">More of it, in words for the client; never what an instance or an exception said.</param>
    /// <param name="retryAfter">When it is worth another try.</param>
    public static Task WriteAsync(HttpContext context, GatewayFault fault, string? detail = null, TimeSpan? retryAfter = null)
    {
        HttpResponse response = context.Response;
        if (response.HasStarted) return Task.CompletedTask;

        response.Clear();
        response.StatusCode = fault.Status;
        response.Headers["Proxy-Status"] = $"quintet-gateway; error={fault.ProxyError}";
        response.Headers.CacheControl = "no-store";
        if (retryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        GatewayProblem problem = new(Problems.TypeOf(fault.Slug), fault.Title, fault.Status, detail, Problems.TraceIdOf(context));
        return response.WriteAsJsonAsync(problem, ProblemJson.Default.GatewayProblem, "application/problem+json", context.RequestAborted);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GatewayProblem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
