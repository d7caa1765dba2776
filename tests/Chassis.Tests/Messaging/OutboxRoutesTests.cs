using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Chassis.Tests.Messaging;

/// <summary>An operator reads what an event said; nobody else does.</summary>
public sealed class OutboxRoutesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_token_opens_what_an_event_said_to_the_byte()
    {
        await using OrdersService service = await OrdersService.StartAsync(_folder, null, "QUINTET_OPERATIONS_TOKEN=open-sesame");
        string eventId = await service.PlaceAsync(184);
        byte[] body = await service.WithAsync((db, _) => db.Set<OutboxRow>().Select(row => row.Body).SingleAsync(Cancellation));

        using HttpResponseMessage answer = await AskAsync(service, eventId, "open-sesame");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/cloudevents+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Equal(Encoding.UTF8.GetString(body), await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("open-sesam")]
    [InlineData("Open-sesame")]
    public async Task Without_it_nothing_is_said_not_even_whether_there_is_such_an_event(string? token)
    {
        await using OrdersService service = await OrdersService.StartAsync(_folder, null, "QUINTET_OPERATIONS_TOKEN=open-sesame");

        foreach (string id in (string[])[await service.PlaceAsync(184), "no-such-event"])
        {
            using HttpResponseMessage answer = await AskAsync(service, id, token);
            await AssertProblemAsync(HttpStatusCode.Unauthorized, "operations-token-needed", answer);
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        }
    }

    [Fact]
    public async Task An_event_that_is_not_there_is_a_problem_and_a_service_that_was_given_no_token_has_no_such_path()
    {
        await using (OrdersService service = await OrdersService.StartAsync(_folder, null, "QUINTET_OPERATIONS_TOKEN=open-sesame"))
        {
            using HttpResponseMessage answer = await AskAsync(service, "no-such-event", "open-sesame");
            await AssertProblemAsync(HttpStatusCode.NotFound, "event-not-found", answer);
        }

        await using OrdersService closed = await OrdersService.StartAsync(_folder);
        using HttpResponseMessage nothing = await AskAsync(closed, await closed.PlaceAsync(184), "open-sesame");
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
        Assert.DoesNotContain("event-not-found", await nothing.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    private static async Task AssertProblemAsync(HttpStatusCode status, string type, HttpResponseMessage answer)
    {
        Assert.Equal(status, answer.StatusCode);
        JsonNode problem = (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        Assert.Equal($"urn:quintet:error:{type}", (string?)problem["type"]);
    }

    private async Task<HttpResponseMessage> AskAsync(OrdersService service, string eventId, string? token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(service.Url, $"/quintet/outbox/{eventId}"));
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await _client.SendAsync(request, Cancellation);
    }
}
