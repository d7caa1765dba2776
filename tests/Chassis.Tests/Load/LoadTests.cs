using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Telemetry;
using Xunit;

namespace Quintet.Chassis.Tests.Load;

public sealed class LoadTests : IAsyncLifetime
{
    private const int Requests = 1000;
    private const int InHandMax = 50;

    private readonly TempFolder _folder = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler());
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _restRefused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OrdersService _service = null!;
    private int _running;
    private int _runningMost;
    private int _refused;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _service = await OrdersService.StartAsync(
        _folder, null, app => app.MapGet("/slow", SlowAsync), $"Load:InHandMax={InHandMax}", "Load:RetryAfter=00:00:02");

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Above_its_limit_a_service_refuses_at_once_finishes_what_it_has_and_recovers()
    {
        using Meters shed = new("quintet.requests.shed", "load");
        Task<HttpResponseMessage>[] asked = [.. Enumerable.Range(0, Requests).Select(_ => AskAsync("/slow"))];

        await _restRefused.Task.WaitAsync(Cancellation);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await AskAsync("/orders/1")).StatusCode);
        _released.SetResult();

        HttpResponseMessage[] answers = await Task.WhenAll(asked);
        Assert.Equal(InHandMax, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(InHandMax, _runningMost);
        foreach (HttpResponseMessage answer in answers.Where(answer => answer.StatusCode != HttpStatusCode.OK))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(2), answer.Headers.RetryAfter!.Delta);
            JsonNode problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
            Assert.Equal("urn:quintet:error:overloaded", (string?)problem["type"]);
        }

        Assert.Equal(Requests - InHandMax + 1, shed.Total);
        for (int id = 0; id < 200; id++) Assert.Equal(HttpStatusCode.OK, (await AskAsync($"/orders/{id}")).StatusCode);
    }

    private async Task<HttpResponseMessage> AskAsync(string path)
    {
        HttpResponseMessage answer = await _client.GetAsync(new Uri(_service.Url, path), Cancellation);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && Interlocked.Increment(ref _refused) == Requests - InHandMax) _restRefused.SetResult();
        return answer;
    }

    private async Task<string> SlowAsync()
    {
        int running = Interlocked.Increment(ref _running);
        InterlockedMax(running);
        await _released.Task;
        Interlocked.Decrement(ref _running);
        return "done";
    }

    private void InterlockedMax(int running)
    {
        int most;
        while ((most = Volatile.Read(ref _runningMost)) < running && Interlocked.CompareExchange(ref _runningMost, running, most) != most)
        {
            // somebody else was faster
        }
    }
}
