using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Http;
using Quintet.Hosting.Errors;

namespace Quintet.Chassis.Sagas;

/// <summary>A run as clients see it.</summary>
/// <param name="Id">The run's id.</param>
/// <param name="Kind">Of which saga.</param>
/// <param name="State"><c>running</c>, <c>completed</c> or <c>undone</c>.</param>
/// <param name="Step">The step it is at, or was at last.</param>
/// <param name="Reason">Why it was undone.</param>
/// <param name="Tries">How often the step's answer was asked for.</param>
/// <param name="Data">What it is about.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="ChangedAt">When something last happened.</param>
/// <param name="DueAt">When the awaited answer is late.</param>
/// <param name="History">What happened.</param>
public sealed record SagaView(
    string Id, string Kind, string State, string Step, string? Reason, int Tries, JsonElement Data, DateTimeOffset StartedAt, DateTimeOffset ChangedAt,
    DateTimeOffset? DueAt, IReadOnlyList<SagaEntry> History);

/// <summary>Runs, oldest first; <c>next</c> is the address of the page after it, absent on the last.</summary>
public sealed record SagaPage(IReadOnlyList<SagaView> Runs, string? Next);

/// <summary>Lets the state of every run be asked for.</summary>
public static class SagaRoutes
{
    /// <summary>
    /// Maps <c>GET path</c> (<c>?state=running|completed|undone</c>, <c>?limit=</c>, <c>?after=</c> the last id) and <c>GET path/{id}</c>.
    /// </summary>
    public static void MapSaga<TSaga>(this IEndpointRouteBuilder routes, string path)
        where TSaga : Saga
    {
        routes.MapGet(path, (HttpRequest request, TSaga saga, SagaStore store, CancellationToken cancellation) => ListAsync(request, saga, store, cancellation))
            .WithSummary("The runs and where they stand.");
        routes.MapGet($"{path}/{{id}}", (string id, TSaga saga, SagaStore store, CancellationToken cancellation) => ReadAsync(id, saga, store, cancellation))
            .WithSummary("One run: its state, the step it is at, and what happened.");
    }

    private static async Task<Results<Ok<SagaPage>, ValidationProblem>> ListAsync(
        HttpRequest request, Saga saga, SagaStore store, CancellationToken cancellation)
    {
        Faults faults = new();
        SagaState? state = StateOf(request.Query["state"], faults);
        bool isNumber = int.TryParse(request.Query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out int limit);
        if (!request.Query.ContainsKey("limit")) (isNumber, limit) = (true, Paging.LimitDefault);
        faults.Check(isNumber && limit is >= 1 and <= Paging.LimitMax, "limit", $"must be 1 to {Paging.LimitMax}");
        if (faults.Any) return faults.ToProblem();

        string after = request.Query["after"].ToString();
        List<SagaRow> rows = await store.Rows.AsNoTracking()
            .Where(row => row.Kind == saga.Kind && (state == null || row.State == state) && string.Compare(row.Id, after) > 0)
            .OrderBy(row => row.Id)
            .Take(limit)
            .ToListAsync(cancellation);
        string? next = rows.Count < limit ? null : $"{request.Path}{QueryString.Create([
            .. state is null ? Array.Empty<KeyValuePair<string, string?>>() : [new("state", NameOf(state.Value))],
            new("limit", limit.ToString(CultureInfo.InvariantCulture)), new("after", rows[^1].Id)])}";
        return TypedResults.Ok(new SagaPage([.. rows.Select(ViewOf)], next));
    }

    private static async Task<Results<Ok<SagaView>, ProblemHttpResult>> ReadAsync(string id, Saga saga, SagaStore store, CancellationToken cancellation) =>
        await store.Rows.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id && row.Kind == saga.Kind, cancellation) is { } row
            ? TypedResults.Ok(ViewOf(row))
            : TypedResults.Problem(
                "It never was, or it ended so long ago that it is no longer kept.",
                statusCode: StatusCodes.Status404NotFound, title: $"There is no such {saga.Kind}.", type: Problems.TypeOf("run-not-found"));

    private static SagaState? StateOf(string? text, Faults faults)
    {
        if (string.IsNullOrEmpty(text)) return null;
        SagaState? state = Enum.GetValues<SagaState>().Cast<SagaState?>().FirstOrDefault(known => NameOf(known!.Value) == text);
        faults.Check(state is not null, "state", "must be running, completed or undone");
        return state;
    }

    private static string NameOf(SagaState state) => state.ToString().ToLowerInvariant();

    private static SagaView ViewOf(SagaRow row) => new(
        row.Id, row.Kind, NameOf(row.State), row.Step, row.Reason, row.Tries, JsonSerializer.Deserialize<JsonElement>(row.Data), row.StartedAt, row.ChangedAt,
        row.DueAt, SagaHistory.Read(row.History));
}
