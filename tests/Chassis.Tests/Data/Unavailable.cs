using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Quintet.Chassis.Tests.Data;

/// <summary>The answer of a service whose database is away.</summary>
internal static class Unavailable
{
    public static async Task AssertAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), answer.Headers.RetryAfter?.Delta);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        JsonNode problem = (await answer.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!;
        Assert.Equal("urn:quintet:error:database-unavailable", (string?)problem["type"]);
        Assert.NotNull(problem["traceId"]);
    }
}
