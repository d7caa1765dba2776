using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Quintet.Chassis.Cleanup;
using Quintet.Chassis.Data;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Chassis.Tests.Idempotency;

public abstract class IdempotencyTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private readonly HttpClient _client = new(new SocketsHttpHandler());
    private OrdersService _service = null!;
    private string[] _database = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await PostgresServer.SettingsOfNewAsync(server, Cancellation);
        _service = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_repetition_gets_the_same_answer_to_the_byte()
    {
        Answer first = await PostAsync("one", "k1");
        Answer second = await PostAsync("one", "k1");
        Answer quoted = await PostAsync("one", "\"k1\"");

        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.False(first.IsReplay);
        Assert.Contains("Location: /orders/1", first.Head, StringComparison.Ordinal);
        Assert.Contains("ETag: \"1\"", first.Head, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json", first.Head, StringComparison.Ordinal);
        Assert.Equal([first with { IsReplay = true }, first with { IsReplay = true }], [second, quoted]);
    }

    [Fact]
    public async Task Change_event_and_kept_answer_are_one_transaction()
    {
        for (int i = 0; i < 3; i++) await PostAsync("one", "k1");

        Assert.Equal((1, 1, 1), await CountAsync());
    }

    [Fact]
    public async Task Without_a_key_every_request_is_judged_by_itself()
    {
        Assert.Equal(HttpStatusCode.Created, (await PostAsync("one", null)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync("one", null)).Status);
        Assert.Equal((1, 1, 0), await CountAsync());
    }

    [Fact]
    public async Task A_key_of_another_request_is_422()
    {
        await PostAsync("one", "k1");

        Answer other = await PostAsync("two", "k1");
        Answer query = await PostAsync("one", "k1", target: "/orders?dry=1");

        Assert.Equal((HttpStatusCode)422, other.Status);
        Assert.Equal("urn:quintet:error:idempotency-key-reused", (string?)JsonNode.Parse(other.Body)!["type"]);
        Assert.Equal((HttpStatusCode)422, query.Status);
        Assert.Equal((1, 1, 1), await CountAsync());
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("\"open")]
    [InlineData("")]
    public async Task A_malformed_key_is_400_and_nothing_is_done(string key)
    {
        Answer refused = await PostAsync("one", key);

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        JsonNode problem = JsonNode.Parse(refused.Body)!;
        Assert.Equal("urn:quintet:error:invalid-request", (string?)problem["type"]);
        Assert.StartsWith("must be one key", (string?)problem["errors"]!["Idempotency-Key"]![0], StringComparison.Ordinal);
        Assert.Equal((0, 0, 0), await CountAsync());
    }

    [Fact]
    public async Task Callers_do_not_see_each_others_answers()
    {
        Answer ada = await PostAsync("one", "k1", authorization: "Bearer ada");
        Answer bob = await PostAsync("two", "k1", authorization: "Bearer bob");
        Answer nobody = await PostAsync("three", "k1");

        Assert.All([ada, bob, nobody], answer => Assert.Equal((HttpStatusCode.Created, false), (answer.Status, answer.IsReplay)));
        Assert.Equal(ada with { IsReplay = true }, await PostAsync("one", "k1", authorization: "Bearer ada"));
    }

    [Fact]
    public async Task An_answer_that_changed_nothing_is_not_kept()
    {
        await PostAsync("one", null);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync("one", "k1")).Status);

        await _service.WithAsync((db, _) => db.Orders.ExecuteDeleteAsync(Cancellation));

        Answer second = await PostAsync("one", "k1");
        Assert.Equal((HttpStatusCode.Created, false), (second.Status, second.IsReplay));
    }

    [Fact]
    public async Task Of_many_with_one_key_at_once_on_two_instances_one_takes_effect_and_all_get_its_answer()
    {
        await using OrdersService other = await StartAsync("QUINTET_INSTANCE=orders-2");
        Uri[] instances = [_service.Url, other.Url];

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => PostAsync("one", "k1", instance: instances[i % 2])));

        Assert.Single(answers, answer => !answer.IsReplay);
        Assert.Single(answers.Select(answer => answer with { IsReplay = true }).Distinct());
        Assert.Equal(HttpStatusCode.Created, answers[0].Status);
        Assert.Equal((1, 1, 1), await CountAsync());
    }

    [Fact]
    public async Task Of_many_different_requests_with_one_key_at_once_one_takes_effect_and_the_others_are_422()
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => PostAsync($"number-{i}", "k1")));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(15, answers.Count(answer => answer.Status == (HttpStatusCode)422));
        Assert.Equal((1, 1, 1), await CountAsync());
    }

    [Fact]
    public async Task A_kept_answer_survives_a_restart()
    {
        Answer first = await PostAsync("one", "k1");
        await _service.DisposeAsync();
        _service = await StartAsync();

        Assert.Equal(first with { IsReplay = true }, await PostAsync("one", "k1"));
    }

    [Fact]
    public async Task After_its_time_a_key_is_free_again_with_the_clean_up_or_without()
    {
        await PostAsync("one", "k1");
        await PostAsync("two", "k2");
        CleanupLoop cleanup = _service.Services.GetServices<IHostedService>().OfType<CleanupLoop>().Single();

        _time.Advance(TimeSpan.FromDays(1));
        await cleanup.CleanAsync(Cancellation);
        Assert.True((await PostAsync("one", "k1")).IsReplay);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Answer reused = await PostAsync("three", "k1");
        Assert.Equal((HttpStatusCode.Created, false), (reused.Status, reused.IsReplay));
        Assert.Equal((3, 3, 2), await CountAsync());
        await cleanup.CleanAsync(Cancellation);
        Assert.Equal((3, 3, 1), await CountAsync());
    }

    [Fact]
    public async Task An_answer_too_large_to_keep_fails_the_request_before_anything_is_changed()
    {
        Answer refused = await PostAsync("one", "k1", padding: 70_000);
        Answer withoutKey = await PostAsync("two", null, padding: 70_000);

        Assert.Equal(HttpStatusCode.InternalServerError, refused.Status);
        Assert.Equal(HttpStatusCode.Created, withoutKey.Status);
        Assert.Equal((1, 1, 0), await CountAsync());
    }

    [Fact]
    public async Task The_open_api_document_shows_the_header_and_the_refusal()
    {
        JsonNode document = (await _client.GetFromJsonAsync<JsonNode>(new Uri(_service.Url, "/openapi/v1.json"), Cancellation))!;

        JsonNode operation = document["paths"]!["/orders"]!["post"]!;
        JsonNode header = Assert.Single(operation["parameters"]!.AsArray())!;
        Assert.Equal(("Idempotency-Key", "header"), ((string?)header["name"], (string?)header["in"]));
        Assert.NotNull(operation["responses"]!["422"]);
    }

    private Task<OrdersService> StartAsync(params string[] settings) =>
        OrdersService.StartAsync(_folder, builder => builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(_time)), [.. _database, .. settings]);

    private async Task<Answer> PostAsync(
        string number, string? key, string target = "/orders", string? authorization = null, Uri? instance = null, int padding = 0)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(instance ?? _service.Url, target));
        request.Content = JsonContent.Create(new OrderDraft(number, padding));
        if (key is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using HttpResponseMessage answer = await _client.SendAsync(request, Cancellation);
        string[] head =
        [
            .. answer.Headers.Concat(answer.Content.Headers).Where(field => field.Key is not ("Date" or "Idempotent-Replayed"))
                .Select(field => $"{field.Key}: {string.Join(", ", field.Value)}").Order(),
        ];
        byte[] body = await answer.Content.ReadAsByteArrayAsync(Cancellation);
        return new Answer(answer.StatusCode, string.Join('\n', head), Encoding.UTF8.GetString(body), answer.Headers.Contains("Idempotent-Replayed"));
    }

    private Task<(int Orders, int Events, int Answers)> CountAsync() => _service.WithAsync(async (db, _) => (
        await db.Orders.CountAsync(Cancellation), await db.Set<OutboxRow>().CountAsync(Cancellation), await db.Set<AnswerRow>().CountAsync(Cancellation)));

    private sealed record Answer(HttpStatusCode Status, string Head, string Body, bool IsReplay);

    public sealed class OnSqlite() : IdempotencyTests(null);

    public sealed class OnPostgres(PostgresServer server) : IdempotencyTests(server);
}
