using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Data;
using Quintet.Hosting.Errors;

namespace Quintet.Chassis.Idempotency;

/// <summary>The kept answers. Each call is a unit of work of its own, which sees what other requests have committed.</summary>
internal sealed class AnswerStore(IServiceScopeFactory scopes, IOptions<IdempotencyOptions> options, TimeProvider time)
{
    /// <summary>What the request is to be answered if its key is known: the kept answer, or 422 when the key was another request's; else null.</summary>
    public async Task<IResult?> FindAsync(IdempotentRequest request, CancellationToken cancellation)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        IQueryable<AnswerRow> rows = scope.ServiceProvider.GetRequiredService<DbContext>().Set<AnswerRow>().Where(r => r.KeyHash == request.KeyHash);
        AnswerRow? row = await rows.AsNoTracking().FirstOrDefaultAsync(cancellation);
        if (row is null) return null;

        DateTimeOffset keptSince = time.GetUtcNow() - options.Value.Keep;
        if (row.KeptAt < keptSince)
        {
            // The clean-up has not come by yet, and the row would be in the new one's way.
            await rows.Where(r => r.KeptAt < keptSince).ExecuteDeleteAsync(cancellation);
            return null;
        }

        if (row.Fingerprint == request.Fingerprint) return new KeptAnswer(row, isReplay: row.Attempt != request.Attempt);
        return TypedResults.Problem(
            "A key belongs to one request and its repetitions; send another request with a key of its own.",
            statusCode: StatusCodes.Status422UnprocessableEntity,
            title: "The Idempotency-Key was used for another request.",
            type: Problems.TypeOf("idempotency-key-reused"));
    }
}
