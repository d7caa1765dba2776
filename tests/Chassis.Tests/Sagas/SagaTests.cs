using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quintet.Chassis.Data;
using Quintet.Chassis.Sagas;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Chassis.Tests.Sagas;

public abstract class SagaTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler());
    private string[] _database = [];
    private OrdersService _service = null!;

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
    public async Task Answered_step_by_step_it_completes()
    {
        string run = await BeginAsync(1);
        Assert.Equal(["1 reserved"], await DoneAsync());

        Assert.True(await ConfirmAsync(run, "charge"));
        Assert.Equal(("running", "pack"), await StateAsync(run));
        Assert.True(await ConfirmAsync(run, "pack"));

        Assert.Equal(("completed", "ship"), await StateAsync(run));
        Assert.Equal(["1 reserved", "1 shipped"], await DoneAsync());
        Assert.Equal(2, await AskedAsync());
    }

    [Fact]
    public async Task A_refusal_undoes_the_steps_from_the_last_to_the_first()
    {
        string run = await BeginAsync(1);
        await ConfirmAsync(run, "charge");

        bool isTaken = await ActAsync(saga => saga.RefuseAsync(run, "pack", "no boxes", Cancellation));

        Assert.True(isTaken);
        Assert.Equal(["1 reserved", "1 refunded", "1 released"], await DoneAsync());
        JsonNode view = await ViewAsync(run);
        Assert.Equal(("undone", "no boxes"), ((string?)view["state"], (string?)view["reason"]));
        Assert.Equal(
            ["reserve: done", "charge: asked", "charge: confirmed", "pack: asked", "pack: refused", "charge: undone", "reserve: undone"],
            view["history"]!.AsArray().Select(entry => (string?)entry!["what"]));
    }

    [Fact]
    public async Task An_answer_that_comes_twice_or_too_late_or_to_another_step_changes_nothing()
    {
        string run = await BeginAsync(1);
        Assert.False(await ConfirmAsync(run, "pack"));
        Assert.True(await ConfirmAsync(run, "charge"));
        Assert.False(await ConfirmAsync(run, "charge"));
        Assert.False(await ConfirmAsync(Guid.NewGuid().ToString(), "charge"));
        await ConfirmAsync(run, "pack");

        Assert.False(await ActAsync(saga => saga.RefuseAsync(run, "pack", "after all", Cancellation)));
        Assert.Equal(["1 reserved", "1 shipped"], await DoneAsync());
    }

    [Fact]
    public async Task Of_two_answers_at_the_same_moment_one_is_taken_and_the_other_starts_again()
    {
        string run = await BeginAsync(1);
        await using AsyncServiceScope one = _service.Services.CreateAsyncScope(), two = _service.Services.CreateAsyncScope();
        await one.ServiceProvider.GetRequiredService<Shipment>().ConfirmAsync(run, "charge", Cancellation);
        await two.ServiceProvider.GetRequiredService<Shipment>().RefuseAsync(run, "charge", "no money", Cancellation);

        await one.ServiceProvider.GetRequiredService<OrdersDb>().SaveChangesAsync(Cancellation);
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => two.ServiceProvider.GetRequiredService<OrdersDb>().SaveChangesAsync(Cancellation));

        Assert.Equal(("running", "pack"), await StateAsync(run));
        Assert.Equal(["1 reserved"], await DoneAsync());
    }

    [Fact]
    public async Task A_late_answer_is_asked_for_again_and_then_everything_is_undone()
    {
        string run = await BeginAsync(1);

        Assert.Equal(0, await LookAsync(TimeSpan.FromSeconds(1)));
        Assert.Equal(1, await LookAsync(Shipment.AnswerWithin + TimeSpan.FromSeconds(10)));
        Assert.Equal((("running", "charge"), 2), (await StateAsync(run), await AskedAsync()));
        Assert.Equal(1, await LookAsync(Shipment.AnswerWithin * 3));

        Assert.Equal(("undone", "charge"), await StateAsync(run));
        Assert.Equal("no answer to charge after 2 tries", (string?)(await ViewAsync(run))["reason"]);
        Assert.Equal(["1 reserved", "1 refunded", "1 released"], await DoneAsync());
        Assert.False(await ConfirmAsync(run, "charge"));
    }

    [Fact]
    public async Task A_run_whose_step_fails_does_not_hold_up_the_others()
    {
        DateTimeOffset begun = TimeProvider.System.GetUtcNow();
        string faulty = await BeginAsync(Shipment.Cursed), other = await BeginAsync(2);

        Assert.Equal(1, await LookAsync(Shipment.AnswerWithin + TimeSpan.FromSeconds(10)));
        Assert.Equal((1, 2), ((int)(await ViewAsync(faulty))["tries"]!, (int)(await ViewAsync(other))["tries"]!));
        Assert.True((DateTimeOffset)(await ViewAsync(faulty))["due_at"]! > begun + (Shipment.AnswerWithin * 2)); // it is left alone for a while
        Assert.True(await ConfirmAsync(faulty, "charge")); // and not lost
    }

    [Fact]
    public async Task A_run_and_its_time_limit_survive_a_restart()
    {
        string run = await BeginAsync(1);
        await _service.DisposeAsync();
        _service = await StartAsync();

        Assert.Equal(1, await LookAsync(Shipment.AnswerWithin + TimeSpan.FromSeconds(10)));
        Assert.True(await ConfirmAsync(run, "charge"));
        Assert.Equal(("running", "pack"), await StateAsync(run));
    }

    [Fact]
    public async Task Runs_are_listed_by_state_in_pages()
    {
        string first = await BeginAsync(1), second = await BeginAsync(2), third = await BeginAsync(3);
        await ActAsync(saga => saga.RefuseAsync(second, "charge", "no", Cancellation));

        JsonNode page = await GetAsync("/shipments?state=running&limit=1");
        JsonNode rest = await GetAsync((string)page["next"]!);
        HttpResponseMessage wrong = await _client.GetAsync(new Uri(_service.Url, "/shipments?state=lost&limit=0"), Cancellation);
        HttpResponseMessage unknown = await _client.GetAsync(new Uri(_service.Url, "/shipments/none"), Cancellation);

        Assert.Equal([first, third], ((JsonNode[])[page, rest]).SelectMany(one => one["runs"]!.AsArray()).Select(one => (string?)one!["id"]));
        JsonNode faults = (await wrong.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["errors"]!;
        Assert.Equal((HttpStatusCode.BadRequest, 2), (wrong.StatusCode, faults.AsObject().Count));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("urn:quintet:error:run-not-found", (string?)(await unknown.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["type"]);
    }

    private Task<OrdersService> StartAsync() => OrdersService.StartAsync(
        _folder, builder => builder.AddSaga<Shipment>(), app => app.MapSaga<Shipment>("/shipments"), _database);

    private Task<string> BeginAsync(long order) =>
        ActAsync(saga => saga.StartAsync(new ShipmentData(order), Cancellation));

    private Task<bool> ConfirmAsync(string run, string step) =>
        ActAsync(saga => saga.ConfirmAsync(run, step, Cancellation));

    /// <summary>As a handler: what the saga did and its state are saved together.</summary>
    private async Task<T> ActAsync<T>(Func<Shipment, Task<T>> act)
    {
        await using AsyncServiceScope scope = _service.Services.CreateAsyncScope();
        T result = await act(scope.ServiceProvider.GetRequiredService<Shipment>());
        await scope.ServiceProvider.GetRequiredService<OrdersDb>().SaveChangesAsync(Cancellation);
        return result;
    }

    /// <summary>What the loop does at that time from now.</summary>
    private async Task<int> LookAsync(TimeSpan later)
    {
        FakeTimeProvider time = new(TimeProvider.System.GetUtcNow() + later);
        using SagaLoop loop = ActivatorUtilities.CreateInstance<SagaLoop>(_service.Services, time);
        return await loop.TimeOutAsync(Cancellation);
    }

    private async Task<string[]> DoneAsync() =>
        await _service.WithAsync((db, _) => db.Orders.OrderBy(order => order.Id).Select(order => order.Number).ToArrayAsync(Cancellation));

    private Task<int> AskedAsync() => _service.WithAsync((db, _) => db.Set<OutboxRow>().CountAsync(Cancellation));

    private async Task<(string? State, string? Step)> StateAsync(string run)
    {
        JsonNode view = await ViewAsync(run);
        return ((string?)view["state"], (string?)view["step"]);
    }

    private Task<JsonNode> ViewAsync(string run) => GetAsync($"/shipments/{run}");

    private async Task<JsonNode> GetAsync(string path) => (await _client.GetFromJsonAsync<JsonNode>(new Uri(_service.Url, path), Cancellation))!;

    public sealed class OnSqlite() : SagaTests(null);

    public sealed class OnPostgres(PostgresServer server) : SagaTests(server);
}
