using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Data;
using Quintet.Chassis.Http;

namespace Quintet.Chassis.Idempotency;

/// <summary>
/// The request in hand, if it bears an <c>Idempotency-Key</c>: an endpoint with <see cref="IdempotencyExtensions.WithIdempotency"/> hands its
/// answer over here before its last <c>SaveChanges</c>, so that the change and the answer to it are one transaction. Scoped like the context
/// it writes to.
/// </summary>
public sealed class IdempotentRequest
{
    // Fields of one connection or one message, not of the answer (RFC 9110 §7.6.1).
    private static readonly string[] NotKept = ["Connection", "Content-Length", "Date", "Transfer-Encoding"];

    private readonly IOptions<IdempotencyOptions> _options;
    private readonly TimeProvider _time;
    private HttpContext? _context; // null without a key

    internal IdempotentRequest(IOptions<IdempotencyOptions> options, TimeProvider time)
    {
        _options = options;
        _time = time;
    }

    /// <summary>
    /// An id that this request has in common with its repetitions and with nothing else, null without a key: for what leaves the process
    /// before the transaction ends, such as a mail, and would otherwise be there twice after a crash.
    /// </summary>
    public string? Id { get; private set; }

    internal string KeyHash { get; private set; } = "";

    internal string Fingerprint { get; private set; } = "";

    internal string Attempt { get; } = Guid.NewGuid().ToString("N");

    /// <summary>
    /// Adds the answer to what the next <c>SaveChanges</c> of the service's context writes. Without a key it does nothing. An answer that
    /// changed nothing needs no keeping: the repetition is judged anew.
    /// </summary>
    /// <param name="answer">What the endpoint is going to return.</param>
    /// <param name="version">The version of what was made or changed, sent as <c>ETag</c>.</param>
    /// <exception cref="InvalidOperationException">The answer is larger than <c>Idempotency:AnswerBytesMax</c>.</exception>
    public async Task KeepAsync(IResult answer, long? version = null)
    {
        if (_context is null) return;

        // The same request with another response, which nobody is sent: the answer as it will leave, before it may leave.
        using MemoryStream body = new();
        FeatureCollection features = new(_context.Features);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        DefaultHttpContext draft = new(features);
        if (version is { } known) EntityVersion.Send(draft.Response, known);
        await answer.ExecuteAsync(draft);
        await draft.Response.CompleteAsync();
        int max = _options.Value.AnswerBytesMax;
        if (body.Length > max) throw new InvalidOperationException($"an answer of {body.Length} octets is not kept; Idempotency:AnswerBytesMax is {max}");

        _context.RequestServices.GetRequiredService<DbContext>().Add(new AnswerRow
        {
            KeyHash = KeyHash,
            Fingerprint = Fingerprint,
            Attempt = Attempt,
            Status = draft.Response.StatusCode,
            Headers = JsonSerializer.Serialize(draft.Response.Headers.ExceptBy(NotKept, field => field.Key, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(field => field.Key, field => field.Value.ToArray())),
            Body = body.ToArray(),
            KeptAt = _time.GetUtcNow(),
        });
    }

    /// <summary>The request bears this key; reads its body, which must have been kept for a second reading.</summary>
    internal async Task BeginAsync(HttpContext context, string key)
    {
        HttpRequest request = context.Request;
        string target = $"{request.Method}\n{request.PathBase.Add(request.Path).ToUriComponent()}";
        KeyHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{target}\n{request.Headers.Authorization}\n{key}")));

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{target}{request.QueryString.ToUriComponent()}\n"));
        byte[] buffer = new byte[4096];
        request.Body.Position = 0;
        while (await request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and int count) hash.AppendData(buffer, 0, count);
        request.Body.Position = 0;
        Fingerprint = Convert.ToHexStringLower(hash.GetHashAndReset());

        byte[] id = SHA256.HashData(Encoding.UTF8.GetBytes($"{KeyHash}\n{Fingerprint}"));
        Id = Convert.ToHexStringLower(id.AsSpan(0, 16));
        _context = context;
    }
}
