using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Quintet.Hosting.Errors;

namespace Quintet.Chassis.Http;

/// <summary>Says what is wrong with a request that could not even be read: 400, 413, 415 and so on, as problem details.</summary>
internal sealed class BadRequests(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException bad) return false;
        httpContext.Response.StatusCode = bad.StatusCode;
        ProblemDetails problem = new() { Status = bad.StatusCode, Detail = bad.Message };
        if (bad.StatusCode == StatusCodes.Status400BadRequest)
        {
            problem.Title = "The request is not valid.";
            problem.Type = Problems.TypeOf("invalid-request");
        }

        if (bad.InnerException is JsonException json)
        {
            string place = json.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "body";
            problem.Detail = "The body is not the JSON that is expected here.";
            problem.Extensions["errors"] = new Dictionary<string, string[]>
            {
                [place] = [$"cannot be read (line {json.LineNumber + 1}, byte {json.BytePositionInLine})"],
            };
        }

        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem, Exception = exception });
    }
}
