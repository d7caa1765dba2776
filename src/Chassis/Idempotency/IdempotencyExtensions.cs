using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Quintet.Hosting.Settings;

namespace Quintet.Chassis.Idempotency;

/// <summary>Lets clients repeat a write that they do not know the end of.</summary>
public static class IdempotencyExtensions
{
    /// <summary>
    /// Honours <c>Idempotency-Key</c>: the request takes effect once, and repetitions get the same answer. The endpoint takes an
    /// <see cref="IdempotentRequest"/> and hands its answer over before its last <c>SaveChanges</c>. Needs a database.
    /// </summary>
    public static RouteHandlerBuilder WithIdempotency(this RouteHandlerBuilder endpoint) => endpoint
        .WithMetadata(new IdempotentEndpoint())
        .AddEndpointFilter<IdempotencyFilter>()
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = IdempotencyKey.Header,
                In = ParameterLocation.Header,
                Description = $"Repetitions with the same key take effect once and get the same answer, with {KeptAnswer.ReplayHeader}: true.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyKey.CharactersMax },
            });
            return Task.CompletedTask;
        });

    internal static void AddIdempotency(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<IdempotencyOptions>(builder.Configuration, "Idempotency");
        builder.Services.AddSingleton<KeyTurns>().AddSingleton<AnswerStore>();
        builder.Services.AddScoped(services =>
            new IdempotentRequest(services.GetRequiredService<IOptions<IdempotencyOptions>>(), services.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Keeps the body of a request with a key, so that it can be hashed after it was read.</summary>
    internal static void UseIdempotency(this WebApplication app, int bodyBytesMax) => app.Use((context, next) =>
    {
        if (context.Request.Headers.ContainsKey(IdempotencyKey.Header) && context.GetEndpoint()?.Metadata.GetMetadata<IdempotentEndpoint>() is not null)
            context.Request.EnableBuffering(bodyBytesMax); // in memory up to there: personal data does not go into a temporary file
        return next(context);
    });

    /// <summary>Marks an endpoint that honours the header.</summary>
    private sealed class IdempotentEndpoint;
}
