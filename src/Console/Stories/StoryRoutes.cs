using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Quintet.Hosting.Errors;

namespace Quintet.Console.Stories;

/// <summary>Stories as JSON, for <c>quintet story</c> and for scripts.</summary>
internal static class StoryRoutes
{
    private const int KeyCharactersMax = 320; // the longest address, RFC 5321 section 4.5.3.1

    public static RouteGroupBuilder MapStories(this RouteGroupBuilder api)
    {
        api.MapGet("/stories", FindAsync);
        return api;
    }

    private static async Task<Results<Ok<IReadOnlyList<Story>>, ProblemHttpResult>> FindAsync(
        StoryTeller teller, CancellationToken cancellation, string? key = null) =>
        string.IsNullOrWhiteSpace(key) || key.Length > KeyCharactersMax
            ? TypedResults.Problem(
                $"The parameter 'key' is missing or longer than {KeyCharactersMax}: a trace id, an event's id, an address, or a subject (users/184).",
                statusCode: StatusCodes.Status400BadRequest,
                title: "The request cannot be understood",
                type: Problems.TypeOf("console-request"))
            : TypedResults.Ok(await teller.FindAsync(key, cancellation));
}
