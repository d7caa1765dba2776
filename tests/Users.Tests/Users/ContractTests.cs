using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Quintet.Users.Tests.Users;

public abstract class ContractTests(RunningUsers users) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => users.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_new_user_is_201_with_its_address()
    {
        HttpResponseMessage answer = await users.Client.PostAsJsonAsync("/users", new { name = "Ada", email = "ada@example.org" }, Cancellation);

        JsonNode user = await BodyAsync(answer);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal($"/users/{user["id"]}", answer.Headers.Location!.ToString());
        Assert.Equal(["email", "id", "name"], user.AsObject().Select(member => member.Key).Order());
        Assert.Equal(user.ToJsonString(), await users.Client.GetStringAsync(answer.Headers.Location, Cancellation));
    }

    [Theory]
    [InlineData("999999")]
    [InlineData("0")]
    [InlineData("abc")]
    [InlineData("99999999999999999999")]
    public async Task An_unknown_user_is_404_with_the_error_its_clients_know(string id)
    {
        HttpResponseMessage answer = await users.Client.GetAsync($"/users/{id}", Cancellation);

        JsonNode problem = await BodyAsync(answer);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("User not found", (string?)problem["error"]);
        Assert.Equal("urn:quintet:error:user-not-found", (string?)problem["type"]);
        Assert.NotNull(problem["traceId"]);
    }

    [Theory]
    [InlineData("""{}""", "name email")]
    [InlineData("""{"name":"","email":"nonsense"}""", "name email")]
    [InlineData("""{"name":"Eve","email":"a@b\r\nBcc: c@d"}""", "email")]
    [InlineData("""{"name":"Eve","email":"Eve <eve@example.org>"}""", "email")]
    [InlineData("""{"name":"Eve\nX","email":"eve@example.org"}""", "name")]
    [InlineData("""{"name":5,"email":"eve@example.org"}""", "name")]
    [InlineData("""{"name":""", "body")]
    [InlineData("""[]""", "body")]
    public async Task An_invalid_body_is_400_with_every_fault(string json, string members)
    {
        using StringContent body = new(json, Encoding.UTF8, "application/json");

        HttpResponseMessage answer = await users.Client.PostAsync("/users", body, Cancellation);

        JsonNode problem = await BodyAsync(answer);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("urn:quintet:error:invalid-request", (string?)problem["type"]);
        if (members != "body") Assert.Equal(members.Split(' ').Order(), problem["errors"]!.AsObject().Select(fault => fault.Key).Order());
    }

    [Fact]
    public async Task An_email_is_unique_whatever_its_case()
    {
        await users.SignUpAsync("First", "Twice@example.org");

        HttpResponseMessage answer = await users.Client.PostAsJsonAsync("/users", new { name = "Second", email = "twice@EXAMPLE.org" }, Cancellation);

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal("urn:quintet:error:duplicate-email", (string?)(await BodyAsync(answer))["type"]);
    }

    [Fact]
    public async Task Of_many_that_sign_up_with_one_address_at_once_one_does()
    {
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(i => users.Client.PostAsJsonAsync("/users", new { name = $"Racer {i}", email = "race@example.org" }, Cancellation)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task A_body_too_large_is_413()
    {
        using ByteArrayContent body = new(new byte[2_000_000]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpRequestMessage request = new(HttpMethod.Post, "/users") { Content = body };
        request.Headers.ExpectContinue = true;

        HttpResponseMessage answer = await users.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task An_unknown_address_is_404_and_a_wrong_method_405_as_problem_details()
    {
        HttpResponseMessage unknown = await users.Client.GetAsync("/nothing", Cancellation);
        HttpResponseMessage wrong = await users.Client.PatchAsync("/users/1", null, Cancellation);

        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (unknown.StatusCode, unknown.Content.Headers.ContentType!.MediaType));
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "application/problem+json"), (wrong.StatusCode, wrong.Content.Headers.ContentType!.MediaType));
    }

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;

    public sealed class OnSqlite(RunningUsers.OnSqlite users) : ContractTests(users), IClassFixture<RunningUsers.OnSqlite>;

    public sealed class OnPostgres(RunningUsers.OnPostgres users) : ContractTests(users), IClassFixture<RunningUsers.OnPostgres>;
}
