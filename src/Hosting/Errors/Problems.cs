using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Quintet.Hosting.Errors;

/// <summary>RFC 9457 problem details as every HTTP interface of our own answers them.</summary>
public static class Problems
{
    /// <summary>The <c>type</c> of a problem: a stable URN, explained in docs/errors.md.</summary>
    public static string TypeOf(string slug) => $"urn:quintet:error:{slug}";

    /// <summary>Adds problem details with the trace id, for thrown exceptions and empty error statuses too.</summary>
    public static IServiceCollection AddQuintetProblems(this IServiceCollection services) =>
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            context.ProblemDetails.Extensions["traceId"] = TraceIdOf(context.HttpContext);
            if (context.ProblemDetails.Status is 500) context.ProblemDetails.Detail = null; // an exception's text is not for strangers
        });

    /// <summary>The W3C trace id of the request, or the server's own request id when nothing is traced.</summary>
    public static string TraceIdOf(HttpContext context) => Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
}
