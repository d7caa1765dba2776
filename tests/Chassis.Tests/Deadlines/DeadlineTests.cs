using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Quintet.Chassis.Deadlines;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Telemetry;
using Xunit;

namespace Quintet.Chassis.Tests.Deadlines;

public sealed class DeadlineTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Sibling _sibling = null!;
    private OrdersService _service = null!;
    private HttpClient _client = null!;
    private int _runs;
    private bool _wasCancelled;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _sibling = await Sibling.StartAsync(context => context.Response.WriteAsync("sibling", context.RequestAborted));
        _service = await OrdersService.StartAsync(
            _folder,
            builder => builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(_time)),
            Map,
            "Calls:TryTimeout=00:01:00",
            "Calls:TotalTimeout=00:01:00");
        _client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = _service.Url };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
        await _sibling.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Work_that_nobody_waits_for_any_more_is_ended_and_answered_504()
    {
        Task<HttpResponseMessage> asked = GetAsync("/waits", "5000");
        await _entered.Task.WaitAsync(Cancellation);

        _time.Advance(TimeSpan.FromMilliseconds(4999));
        Assert.False(asked.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await IsLateAsync(await asked);
        Assert.True(_wasCancelled);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-20")]
    public async Task A_request_with_nothing_left_is_refused_without_running(string deadline)
    {
        using Meters shed = new("quintet.requests.shed", "deadline");

        await IsLateAsync(await GetAsync("/counts", deadline));

        Assert.Equal(0, _runs);
        Assert.Equal(1, shed.Total);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("")]
    [InlineData("1.5")]
    [InlineData("99999999999999999999")]
    public async Task A_deadline_that_cannot_be_read_is_ignored(string deadline)
    {
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/counts", deadline)).StatusCode);
        Assert.Equal(1, _runs);
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_sent_to_its_end()
    {
        Task<HttpResponseMessage> asked = GetAsync("/begins", "5000");
        await _entered.Task.WaitAsync(Cancellation);

        _time.Advance(TimeSpan.FromMinutes(1));
        _released.SetResult();

        Assert.Equal("begun and ended", await (await asked).Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Work_that_was_done_all_the_same_is_answered_whole()
    {
        Task<HttpResponseMessage> asked = GetAsync("/ignores", "5000");
        await _entered.Task.WaitAsync(Cancellation);

        _time.Advance(TimeSpan.FromMinutes(1));
        _released.SetResult();

        HttpResponseMessage answer = await asked;
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("done", (string?)(await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["state"]);
    }

    [Fact]
    public async Task Calls_are_told_what_is_left_of_the_requests_deadline()
    {
        Assert.Equal("sibling", await (await GetAsync("/calls", "5000")).Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("3000", Assert.Single(_sibling.Deadlines)); // the endpoint took two seconds before
    }

    [Fact]
    public async Task Nobody_is_called_any_more_when_the_deadline_is_over()
    {
        await IsLateAsync(await GetAsync("/calls", "2000"));
        Assert.Equal(0, _sibling.Arrived);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_the_work_and_not_what_was_begun_without_its_token()
    {
        using CancellationTokenSource client = new();
        using Deadline deadline = Deadline.Begin(TimeSpan.FromSeconds(9), _time, client.Token);

        await client.CancelAsync();
        Assert.True(deadline.End.IsCancellationRequested);
        using HttpClient http = _service.CreateClient();
        Assert.Equal("sibling", await http.GetStringAsync(new Uri(_sibling.Url), Cancellation));

        _time.Advance(TimeSpan.FromSeconds(9));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => http.GetStringAsync(new Uri(_sibling.Url), Cancellation));
    }

    [Fact]
    public void A_deadline_ends_with_its_work()
    {
        using (Deadline outer = Deadline.Begin(TimeSpan.FromSeconds(9), _time, Cancellation))
        {
            using (Deadline inner = Deadline.Begin(TimeSpan.FromSeconds(2), _time, Cancellation)) Assert.Same(inner, Deadline.Current);
            Assert.Same(outer, Deadline.Current);
            _time.Advance(TimeSpan.FromSeconds(4));
            Assert.Equal(TimeSpan.FromSeconds(5), outer.Left);
            outer.Lift();
            Assert.Null(Deadline.Current);
        }

        Assert.Null(Deadline.Current);
    }

    private void Map(WebApplication app)
    {
        app.MapGet("/counts", () => ++_runs);
        app.MapGet("/waits", async (CancellationToken cancellation) =>
        {
            _entered.SetResult();
            try
            {
                await Hang.UntilAsync(cancellation);
            }
            finally
            {
                _wasCancelled = cancellation.IsCancellationRequested;
            }
        });
        app.MapGet("/begins", async (HttpResponse response, CancellationToken cancellation) =>
        {
            await response.WriteAsync("begun ", cancellation);
            _entered.SetResult();
            await _released.Task;
            await response.WriteAsync("and ended", response.HttpContext.RequestAborted);
        });
        app.MapGet("/ignores", async () =>
        {
            _entered.SetResult();
            await _released.Task;
            return TypedResults.Created("/ignores", new { state = "done" });
        });
        app.MapGet("/calls", async (IHttpClientFactory clients) =>
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            using HttpClient client = clients.CreateClient();
            return await client.GetStringAsync(new Uri(_sibling.Url), CancellationToken.None);
        });
    }

    private static async Task IsLateAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        JsonNode problem = (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        Assert.Equal("urn:quintet:error:deadline-exceeded", (string?)problem["type"]);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string deadline)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("X-Request-Deadline", deadline);
        return await _client.SendAsync(request, Cancellation);
    }
}
