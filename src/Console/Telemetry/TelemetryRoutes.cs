using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Queries;
using Quintet.Hosting.Errors;

namespace Quintet.Console.Telemetry;

/// <summary>
/// The API over what is kept, below <c>/api/v1</c>. Names are snake_case, times RFC 3339, durations seconds. Each question has a range
/// (<c>from</c> and <c>to</c>, or <c>last=15m</c>).
/// </summary>
internal static class TelemetryRoutes
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new Seconds() },
    };

    public static RouteGroupBuilder Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder api = routes.MapGroup("/api/v1");
        api.AddEndpointFilter(AnswerFaultsAsync);
        api.MapGet("/traces", SearchTracesAsync);
        api.MapGet("/traces/{id}", GetTraceAsync);
        api.MapGet("/logs", SearchLogsAsync);
        api.MapGet("/metrics", GetMetricsAsync);
        api.MapGet("/requests", GetRequestsAsync);
        api.MapGet("/calls", GetCallsAsync);
        api.MapGet("/hops", GetHopsAsync);
        return api;
    }

    /// <summary>An answer in the form of all of them: names in snake_case, durations in seconds.</summary>
    public static JsonHttpResult<T> Answer<T>(T value) => TypedResults.Json(value, Json);

    private static async Task<IResult> SearchTracesAsync(HttpRequest request, Traces traces, TimeProvider clock, CancellationToken cancellationToken)
    {
        QueryParameters asked = new(request.Query, clock);
        TraceFilter filter = new(asked.Range())
        {
            Service = asked.Text("service"),
            Name = asked.Text("name"),
            Status = asked.Number("status"),
            IsError = asked.Flag("error"),
            MinDuration = asked.Duration("min_duration"),
            MaxDuration = asked.Duration("max_duration"),
            Text = asked.Text("text"),
            WithoutParts = asked.Flag("parts") == false,
            Order = asked.Choice<TraceOrder>("order") ?? TraceOrder.Newest,
            Cursor = asked.Text("cursor"),
            Limit = asked.Number("limit") ?? 50,
        };
        asked.RefuseUnknown();
        return Answer(await traces.SearchAsync(filter, cancellationToken));
    }

    private static async Task<IResult> GetTraceAsync(string id, Traces traces, CancellationToken cancellationToken) =>
        await traces.GetAsync(id, cancellationToken) is { } detail
            ? Answer(detail)
            : Problem(StatusCodes.Status404NotFound, "trace-unknown", "Nothing is kept of this trace", null);

    private static async Task<IResult> SearchLogsAsync(HttpRequest request, Logs logs, TimeProvider clock, CancellationToken cancellationToken)
    {
        QueryParameters asked = new(request.Query, clock);
        LogFilter filter = new(asked.Range())
        {
            Service = asked.Text("service"),
            Instance = asked.Text("instance"),
            MinSeverity = asked.Number("min_severity"),
            Text = asked.Text("text"),
            TraceId = asked.Text("trace"),
            Cursor = asked.Text("cursor"),
            Limit = asked.Number("limit") ?? 100,
        };
        asked.RefuseUnknown();
        return Answer(await logs.SearchAsync(filter, cancellationToken));
    }

    /// <summary>Without a name: the names there are. With <c>percentile</c> that of a histogram; else a rate, or the level of a gauge.</summary>
    private static async Task<IResult> GetMetricsAsync(HttpRequest request, Metrics metrics, TimeProvider clock, CancellationToken cancellationToken)
    {
        QueryParameters asked = new(request.Query, clock);
        string? name = asked.Text("name");
        double? percentile = asked.Share("percentile");
        bool isGauge = asked.Flag("gauge") ?? false;
        MetricFilter filter = new(name ?? "", asked.Range(), asked.Duration("step") ?? TimeSpan.FromSeconds(10))
        {
            Service = asked.Text("service"),
            Instance = asked.Text("instance"),
            Attributes = asked.Attributes(),
            By = asked.Text("by")?.Split(',') ?? [],
        };
        asked.RefuseUnknown();
        if (name is null) return Answer(await metrics.NamesAsync(filter.Service, cancellationToken));
        if (percentile is { } share) return Answer(await metrics.PercentileAsync(filter, share, cancellationToken));
        return Answer(await (isGauge ? metrics.GaugeAsync(filter, cancellationToken) : metrics.RateAsync(filter, cancellationToken)));
    }

    private static async Task<IResult> GetRequestsAsync(
        HttpRequest request, RequestFigures figures, TimeProvider clock, CancellationToken cancellationToken)
    {
        QueryParameters asked = new(request.Query, clock);
        TimeRange range = asked.Range();
        TimeSpan step = asked.Duration("step") ?? TimeSpan.FromSeconds(10);
        string? service = asked.Text("service");
        asked.RefuseUnknown();
        return Answer(await figures.OfAsync(range, step, service, cancellationToken));
    }

    private static async Task<IResult> GetCallsAsync(HttpRequest request, Calls calls, TimeProvider clock, CancellationToken cancellationToken)
    {
        QueryParameters asked = new(request.Query, clock);
        TimeRange range = asked.Range();
        asked.RefuseUnknown();
        return Answer(await calls.OfAsync(range, cancellationToken));
    }

    private static async Task<IResult> GetHopsAsync(HttpRequest request, Hops hops, TimeProvider clock, CancellationToken cancellationToken)
    {
        QueryParameters asked = new(request.Query, clock);
        (string? id, string? trace) = (asked.Text("event"), asked.Text("trace"));
        (string? subject, string? address) = (asked.Text("subject"), asked.Text("address"));
        asked.RefuseUnknown();
        return Answer(await ((id, trace, subject, address) switch
        {
            ({ } one, null, null, null) => hops.OfEventAsync(one, cancellationToken),
            (null, { } one, null, null) => hops.OfTraceAsync(one, cancellationToken),
            (null, null, { } one, null) => hops.OfSubjectAsync(one, cancellationToken),
            (null, null, null, { } one) => hops.OfAddressAsync(one, cancellationToken),
            _ => throw new InvalidQueryException("event", "or trace, subject or address is needed, one of them"),
        }));
    }

    private static async ValueTask<object?> AnswerFaultsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (InvalidQueryException fault)
        {
            return Problem(
                StatusCodes.Status400BadRequest, "invalid-query", "The question cannot be answered",
                new() { ["errors"] = new Dictionary<string, string[]> { [fault.Parameter] = [fault.Fault] } });
        }
        catch (TimeoutException late)
        {
            return Problem(StatusCodes.Status503ServiceUnavailable, "query-timeout", "The question takes too long", new() { ["reason"] = late.Message });
        }
    }

    private static ProblemHttpResult Problem(int status, string slug, string title, Dictionary<string, object?>? extensions) =>
        TypedResults.Problem(statusCode: status, type: Problems.TypeOf(slug), title: title, extensions: extensions);

    /// <summary>A duration as a number of seconds.</summary>
    private sealed class Seconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.TotalSeconds);
    }
}
