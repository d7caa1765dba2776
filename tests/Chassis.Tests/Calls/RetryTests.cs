using System.Globalization;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Quintet.Chassis.Calls;
using Quintet.Chassis.Deadlines;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Telemetry;
using Xunit;

namespace Quintet.Chassis.Tests.Calls;

public sealed class RetryTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Sibling _sibling = null!;
    private HttpStatusCode _status = HttpStatusCode.ServiceUnavailable;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _sibling = await Sibling.StartAsync(context =>
    {
        context.Response.StatusCode = (int)_status;
        return Task.CompletedTask;
    });

    public async ValueTask DisposeAsync()
    {
        await _sibling.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void Half_of_a_pause_is_chance()
    {
        CallOptions options = new();
        CallRetries retries = new(new CalledService("users", options), options, TimeProvider.System, new Random(7));

        double[] first = [.. Enumerable.Range(0, 200).Select(_ => retries.Pause(null, 0).TotalMilliseconds)];
        double[] second = [.. Enumerable.Range(0, 200).Select(_ => retries.Pause(null, 1).TotalMilliseconds)];

        Assert.All(first, pause => Assert.InRange(pause, 50, 100));
        Assert.All(second, pause => Assert.InRange(pause, 100, 200));
        Assert.True(first.Max() - first.Min() > 40, "the pauses are spread over the whole half");
    }

    [Fact]
    public void What_the_other_side_asks_for_is_waited()
    {
        FakeTimeProvider time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
        CallOptions options = new();
        CallRetries retries = new(new CalledService("users", options), options, time, Random.Shared);
        using HttpResponseMessage seconds = new(HttpStatusCode.ServiceUnavailable) { Headers = { { "Retry-After", "2" } } };
        using HttpResponseMessage date = new(HttpStatusCode.ServiceUnavailable);
        date.Headers.RetryAfter = new(time.GetUtcNow() + TimeSpan.FromSeconds(3));

        Assert.Equal(TimeSpan.FromSeconds(2), retries.Pause(seconds, 0));
        Assert.Equal(TimeSpan.FromSeconds(3), retries.Pause(date, 0));
    }

    [Fact]
    public async Task Retries_are_bounded_by_their_budget_and_counted()
    {
        await using OrdersService service = await StartAsync("Calls:RetryBurst=3", "Calls:RetryShare=0", "Calls:Breaker:TriesMin=1000");
        using Meters retries = new("quintet.calls.retries", new Uri(_sibling.Url).Authority);
        using HttpClient client = service.CreateClient();

        for (int call = 0; call < 10; call++) Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync(_sibling.Url, Cancellation)).StatusCode);

        Assert.Equal(10 + 3, _sibling.Arrived);
        Assert.Equal(3, retries.Total);
    }

    [Fact]
    public async Task A_budget_is_one_for_all_clients_of_a_service()
    {
        await using OrdersService service = await StartAsync("Calls:RetryBurst=3", "Calls:RetryShare=0", "Calls:Breaker:TriesMin=1000");

        for (int call = 0; call < 4; call++)
        {
            using HttpClient client = service.CreateClient($"client-{call}");
            await client.GetAsync(_sibling.Url, Cancellation);
        }

        Assert.Equal(4 + 3, _sibling.Arrived);
    }

    [Fact]
    public async Task No_retry_is_begun_that_would_come_too_late()
    {
        await using OrdersService service = await StartAsync();
        using HttpClient client = service.CreateClient();

        using (Deadline.Begin(TimeSpan.FromMinutes(1), new FakeTimeProvider(), Cancellation))
            await client.GetAsync(_sibling.Url, Cancellation);
        Assert.Equal(3, _sibling.Arrived);

        await using OrdersService patient = await StartAsync("Calls:RetryPause=00:00:10"); // as long as a call may take in all
        using HttpClient other = patient.CreateClient();
        HttpResponseMessage answer = await other.GetAsync(_sibling.Url, Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(3 + 1, _sibling.Arrived);
    }

    [Theory]
    [InlineData("00:00:03", "00:00:10", 3_000)] // a try's own time
    [InlineData("00:01:00", "00:00:10", 10_000)] // what is left of the whole
    public async Task Without_a_deadline_the_other_side_is_told_how_long_it_is_waited_for(string perTry, string total, int max)
    {
        _status = HttpStatusCode.OK;
        await using OrdersService service = await StartAsync($"Calls:TryTimeout={perTry}", $"Calls:TotalTimeout={total}");
        using HttpClient client = service.CreateClient();

        await client.PostAsync(_sibling.Url, null, Cancellation);

        Assert.True(_sibling.Deadlines.TryDequeue(out string? told));
        Assert.InRange(int.Parse(told!, CultureInfo.InvariantCulture), 1, max);
    }

    [Fact]
    public async Task Every_fault_of_the_settings_is_told_at_start()
    {
        var refused = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => StartAsync("Calls:RetriesMax=9", "Calls:Breaker:FailureRatio=2"));

        Assert.Contains("Calls:RetriesMax", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Calls:Breaker:FailureRatio", refused.Message, StringComparison.Ordinal);
    }

    private Task<OrdersService> StartAsync(params string[] settings) =>
        OrdersService.StartAsync(_folder, null, ["Calls:RetryPause=00:00:00.001", .. settings]);
}
