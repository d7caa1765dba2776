using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Quintet.Hosting.Errors;

namespace Quintet.Chassis.Http;

/// <summary>Versions of a resource as entity tags, and the conditions that a request sets on them (RFC 9110 §8.8.3 and §13).</summary>
public static class EntityVersion
{
    /// <summary>Sends <c>ETag: "version"</c>.</summary>
    public static void Send(HttpResponse response, long version) => response.Headers.ETag = TagOf(version).ToString();

    /// <summary>Whether the sender has this version already (<c>If-None-Match</c>), so that 304 is enough.</summary>
    public static bool IsKnown(HttpRequest request, long version) =>
        request.GetTypedHeaders().IfNoneMatch is { Count: > 0 } known
        && known.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(TagOf(version), useStrongComparison: false));

    /// <summary>
    /// Whether the sender may change this version: null when <c>If-Match</c> names it, 428 when the header is absent (RFC 6585 §3), 412 when
    /// it names another.
    /// </summary>
    public static ProblemHttpResult? Refuse(HttpRequest request, long version)
    {
        IList<EntityTagHeaderValue> expected = request.GetTypedHeaders().IfMatch;
        if (expected is not { Count: > 0 })
        {
            return TypedResults.Problem(
                "Read the resource first and send its ETag as If-Match.", statusCode: StatusCodes.Status428PreconditionRequired,
                title: "If-Match is required.", type: Problems.TypeOf("precondition-required"));
        }

        bool isExpected = expected.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(TagOf(version), useStrongComparison: true));
        return isExpected ? null : Stale();
    }

    /// <summary>412: somebody else was faster.</summary>
    public static ProblemHttpResult Stale() => TypedResults.Problem(
        "Read it again and repeat the change on what is there now.", statusCode: StatusCodes.Status412PreconditionFailed,
        title: "The resource has changed since it was read.", type: Problems.TypeOf("precondition-failed"));

    private static EntityTagHeaderValue TagOf(long version) => new($"\"{version.ToString(CultureInfo.InvariantCulture)}\"");
}
