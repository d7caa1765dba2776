using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Quintet.Chassis.Data;

namespace Quintet.Chassis.Idempotency;

/// <summary>An answer as it was kept. The first time and every repetition leave by this one way, so they cannot differ.</summary>
/// <param name="row">Where it is kept.</param>
/// <param name="isReplay">Whether another request than this one made the change.</param>
internal sealed class KeptAnswer(AnswerRow row, bool isReplay) : IResult
{
    public const string ReplayHeader = "Idempotent-Replayed";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.StatusCode = row.Status;
        foreach ((string name, string?[] values) in JsonSerializer.Deserialize<Dictionary<string, string?[]>>(row.Headers)!) response.Headers[name] = values;
        if (isReplay) response.Headers[ReplayHeader] = "true";
        if (row.Body.Length == 0) return;
        response.ContentLength = row.Body.Length;
        await response.StartAsync(CancellationToken.None); // from here on a deadline does not cut it short
        await response.Body.WriteAsync(row.Body, httpContext.RequestAborted);
    }
}
