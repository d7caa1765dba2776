using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Quintet.Hosting.Errors;

namespace Quintet.Chassis.Data;

/// <summary>Answers 503 to a request that failed because the database is away, and not 500: nothing is wrong with service or request.</summary>
internal sealed class DatabaseUnavailable(DatabaseBoard board, IProblemDetailsService problems) : IExceptionHandler
{
    // As often as the loop looks whether it is back.
    private const string RetryAfterSeconds = "2";

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!board.NoteIfUnavailable(exception)) return false;
        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        httpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
        ProblemDetails problem = new()
        {
            Status = StatusCodes.Status503ServiceUnavailable,
            Title = "The database cannot be reached.",
            Type = Problems.TypeOf("database-unavailable"),
        };
        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem, Exception = exception });
    }
}
