using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Operating;

/// <summary>The control API as a program sees it that is not <c>quintet</c>: what is refused is a problem that says why.</summary>
public sealed class ControlTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, "nobody", 1, HttpStatusCode.Unauthorized)]
    [InlineData(true, "nobody", 1, HttpStatusCode.NotFound)]
    [InlineData(true, "gateway", 1, HttpStatusCode.BadRequest)]
    [InlineData(true, "users", -1, HttpStatusCode.BadRequest)]
    public async Task What_the_supervisor_refuses_is_a_problem(bool hasToken, string service, int replicas, HttpStatusCode expected)
    {
        QuintetSystem system = running.System;
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = new Uri(await MemberAsync(system, "run.json")) };
        if (hasToken)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await MemberAsync(system, "secrets.json"));

        using HttpResponseMessage answer = await client.PostAsJsonAsync("/v1/scale", new { service, replicas }, Cancellation);

        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        JsonNode problem = (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        Assert.Equal("urn:quintet:error:control", (string?)problem["type"]);
        Assert.Equal((int)expected, (int?)problem["status"]);
        Assert.NotEmpty((string?)problem["detail"] ?? "");
    }

    /// <summary>Both files say it under the same word: where the control API is, and what it wants to be shown.</summary>
    private static async Task<string> MemberAsync(QuintetSystem system, string file) =>
        (string)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(system.State, file), Cancellation))!["control"]!;
}
