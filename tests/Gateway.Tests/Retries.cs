using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Quintet.Gateway.Tests.Doubles;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Telemetry;

namespace Quintet.Gateway.Tests;

public sealed class Retries : IAsyncLifetime
{
    private readonly List<Backend> _backends = [];
    private ConsulDouble _consul = null!;
    private int _calls;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _consul = await ConsulDouble.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (Backend backend in _backends) await backend.DisposeAsync();
        await _consul.DisposeAsync();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    public async Task A_safe_request_whose_connection_breaks_is_sent_to_another_instance(string method)
    {
        await TwoAsync(CutFirst);
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        using HttpResponseMessage answer = await gateway.Http.SendAsync(new(new HttpMethod(method), "/users/1"), Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.All(_backends, backend => Assert.Single(backend.Arrived));
    }

    [Fact]
    public async Task A_post_whose_connection_breaks_is_never_repeated()
    {
        await TwoAsync(CutFirst);
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        using HttpResponseMessage answer = await gateway.Http.PostAsync("/users", new StringContent("{}"), Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("instance-failed", await RunningGateway.ProblemOf(answer));
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task A_post_with_an_idempotency_key_is_repeated_with_its_body_where_the_service_says_so()
    {
        ConcurrentQueue<string> bodies = new();
        await TwoAsync(async context =>
        {
            using StreamReader body = new(context.Request.Body);
            bodies.Enqueue(await body.ReadToEndAsync(Cancellation));
            await CutFirst(context);
        });
        _consul.PutKey("quintet/gateway/users", """{"honoursIdempotencyKey":true}""");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        string content = new('x', 50_000);

        using HttpRequestMessage request = new(HttpMethod.Post, "/users") { Content = new StringContent(content), Headers = { { "Idempotency-Key", "k1" } } };
        using HttpResponseMessage answer = await gateway.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal([content, content], bodies);
    }

    [Fact]
    public async Task A_body_too_large_to_keep_is_sent_once()
    {
        await TwoAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, Cancellation);
            await CutFirst(context);
        });
        _consul.PutKey("quintet/gateway/users", """{"honoursIdempotencyKey":true}""");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        using HttpRequestMessage request = new(HttpMethod.Post, "/users") { Content = new ByteArrayContent(new byte[100_000]) };
        request.Headers.Add("Idempotency-Key", "k1");
        using HttpResponseMessage answer = await gateway.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task An_instance_that_says_503_is_passed_over_once_and_its_body_thrown_away()
    {
        await TwoAsync(async context =>
        {
            if (Interlocked.Increment(ref _calls) == 1) context.Response.StatusCode = 503;
            await context.Response.WriteAsync(context.Response.StatusCode == 503 ? "overloaded" : "fine", Cancellation);
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        Assert.Equal("fine", await gateway.GetAsync("/users/1"));
    }

    [Fact]
    public async Task A_services_own_503_reaches_the_client_when_both_say_so()
    {
        await TwoAsync(async context =>
        {
            context.Response.StatusCode = 503;
            await context.Response.WriteAsync("overloaded", Cancellation);
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        using HttpResponseMessage answer = await gateway.Http.GetAsync("/users/1", Cancellation);

        Assert.Equal("overloaded", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.False(answer.Headers.Contains("Proxy-Status"));
        Assert.All(_backends, backend => Assert.Single(backend.Arrived));
    }

    [Fact]
    public async Task The_budget_bounds_the_repetitions()
    {
        await TwoAsync(context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            _consul.Url, ("Gateway:Retry:Burst", "3"), ("Gateway:Retry:PerSecond", "0"), ("Gateway:Retry:Share", "0"));

        for (int i = 0; i < 20; i++)
        {
            using HttpResponseMessage answer = await gateway.Http.GetAsync("/users/1", Cancellation);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Proxy-Status")); // the service's own answer, with and without a budget
        }

        Assert.Equal(20 + 3, _backends.Sum(backend => backend.Arrived.Count));
    }

    [Fact]
    public async Task A_dead_instance_is_found_at_the_first_refusal_and_then_skipped_even_by_posts()
    {
        await OneAsync("users-1");
        int dead = FreePort.Take();
        _consul.Register("users-2", "users", new Uri($"http://127.0.0.1:{dead}"), "/users/{**rest}");
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            _consul.Url, ("Gateway:Ejection:First", "00:10:00"), ("Gateway:Ejection:Max", "00:10:00"));
        using Meters ejections = new("quintet.gateway.ejections");

        for (int i = 0; i < 50; i++)
        {
            using HttpResponseMessage answer = await gateway.Http.PostAsync("/users", new StringContent("{}"), Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(50, _backends[0].Arrived.Count);
        Assert.Equal(1, ejections.Total);
    }

    [Fact]
    public async Task The_only_instance_refusing_is_502_once_and_503_while_it_is_left_alone()
    {
        int port = FreePort.Take();
        _consul.Register("users-1", "users", new Uri($"http://127.0.0.1:{port}"), "/users/{**rest}");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        using HttpResponseMessage first = await gateway.Http.GetAsync("/users/1", Cancellation);
        using HttpResponseMessage second = await gateway.Http.GetAsync("/users/1", Cancellation);

        Assert.Equal("instance-unreachable", await RunningGateway.ProblemOf(first));
        Assert.Equal(HttpStatusCode.BadGateway, first.StatusCode);
        Assert.Equal("no-healthy-instance", await RunningGateway.ProblemOf(second));
        _backends.Add(await Backend.StartAsync("users-1", port: port));
        await gateway.StatusAsync("/users/1", 200);
    }

    [Fact]
    public async Task An_instance_that_registers_again_is_used_at_once()
    {
        int port = FreePort.Take();
        _consul.Register("users-1", "users", new Uri($"http://127.0.0.1:{port}"), "/users/{**rest}");
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            _consul.Url, ("Gateway:Ejection:First", "00:10:00"), ("Gateway:Ejection:Max", "00:10:00"));
        await gateway.StatusAsync("/users/1", 503);
        _consul.Deregister("users-1");
        await using Backend probe = await Backend.StartAsync("probe");
        _consul.Register("probe", "probe", probe.Url, "/probe");
        await gateway.StatusAsync("/probe", 200);

        _backends.Add(await Backend.StartAsync("users-1", port: port));
        _consul.Register("users-1", "users", new Uri($"http://127.0.0.1:{port}"), "/users/{**rest}");

        await gateway.StatusAsync("/users/1", 200);
    }

    [Fact]
    public async Task A_slow_instance_is_given_up_for_another_and_two_slow_ones_are_504()
    {
        await TwoAsync(async context =>
        {
            if (Interlocked.Increment(ref _calls) == 1 || context.Request.Path == "/users/slow")
                await Hang.UntilAsync(context.RequestAborted);
            await context.Response.WriteAsync("fine", Cancellation);
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            _consul.Url, ("Gateway:Timeouts:PerTry", "00:00:00.300"), ("Gateway:Timeouts:Total", "00:00:05"));

        Assert.Equal("fine", await gateway.GetAsync("/users/1"));

        _consul.PutKey("quintet/gateway/users", """{"totalTimeout":"00:00:00.600"}""");
        await gateway.StatusAsync("/users/slow", 504);
        using HttpResponseMessage answer = await gateway.Http.GetAsync("/users/slow", Cancellation);
        Assert.Equal("service-timeout", await RunningGateway.ProblemOf(answer));
    }

    [Fact]
    public async Task A_slow_upload_and_a_slow_download_are_no_timeout()
    {
        TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await OneAsync("users-1", async context =>
        {
            if (context.Request.Path == "/users/never") await Hang.UntilAsync(context.RequestAborted);
            using StreamReader reader = new(context.Request.Body);
            string body = await reader.ReadToEndAsync(Cancellation);
            await context.Response.WriteAsync("first ", Cancellation);
            await context.Response.Body.FlushAsync(Cancellation);
            await more.Task;
            await context.Response.WriteAsync(body, Cancellation);
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            _consul.Url, ("Gateway:Timeouts:PerTry", "00:00:00.200"), ("Gateway:Timeouts:Total", "00:00:00.400"));
        // Begun later and given up by the gateway, it shows that the time of the one under way is over, too.
        async Task OutlastAsync()
        {
            using HttpResponseMessage givenUp = await gateway.Http.GetAsync("/users/never", Cancellation);
            Assert.Equal(HttpStatusCode.GatewayTimeout, givenUp.StatusCode);
        }

        using HttpRequestMessage request = new(HttpMethod.Post, "/users") { Content = new InterruptedContent("pay", OutlastAsync, "load") };
        using HttpResponseMessage answer = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await OutlastAsync();
        more.SetResult();

        Assert.Equal("first payload", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task A_backend_killed_under_load_loses_no_get()
    {
        TaskCompletionSource inHand = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isHolding = false;
        await OneAsync("users-1");
        await OneAsync("users-2", async context =>
        {
            if (Volatile.Read(ref isHolding))
            {
                inHand.TrySetResult();
                await Hang.UntilAsync(context.RequestAborted);
            }

            await context.Response.WriteAsync("fine", context.RequestAborted);
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        ConcurrentQueue<HttpStatusCode> answers = new();
        Task[] clients = [.. Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                using HttpResponseMessage answer = await gateway.Http.GetAsync("/users/1", Cancellation);
                answers.Enqueue(answer.StatusCode);
            }
        }, Cancellation))];

        await CountAsync(answers, 300);
        Volatile.Write(ref isHolding, true);
        await inHand.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await _backends[1].KillAsync();
        await CountAsync(answers, answers.Count + 300);
        await end.CancelAsync();
        await Task.WhenAll(clients);

        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
    }

    [Fact]
    public async Task A_client_that_goes_away_costs_no_second_try()
    {
        TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await TwoAsync(async context =>
        {
            Interlocked.Increment(ref _calls);
            using CancellationTokenRegistration gone = context.RequestAborted.Register(() => aborted.TrySetResult());
            arrived.TrySetResult();
            await aborted.Task;
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        using CancellationTokenSource impatient = new();
        Task<HttpResponseMessage> asking = gateway.Http.GetAsync("/users/1", impatient.Token);

        await arrived.Task;
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await gateway.GetAsync("/health/live");
        Assert.Equal(1, _calls);
    }

    private async Task CutFirst(HttpContext context)
    {
        if (Interlocked.Increment(ref _calls) == 1)
        {
            context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort();
            return;
        }

        await context.Response.WriteAsync("fine", Cancellation);
    }

    private async Task TwoAsync(RequestDelegate answer)
    {
        await OneAsync("users-1", answer);
        await OneAsync("users-2", answer);
    }

    private async Task OneAsync(string id, RequestDelegate? answer = null)
    {
        Backend backend = await Backend.StartAsync(id, answer);
        _backends.Add(backend);
        _consul.Register(id, "users", backend.Url, "/users/{**rest}");
    }

    private static Task CountAsync(ConcurrentQueue<HttpStatusCode> answers, int count) =>
        TestKit.Processes.Eventually.TrueAsync($"{count} answers", () => Task.FromResult(answers.Count >= count), Cancellation, () => $"{answers.Count}");

    /// <summary>A body whose second half is sent when something else is over.</summary>
    private sealed class InterruptedContent(string first, Func<Task> between, string second) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(first));
            await stream.FlushAsync();
            await between();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(second));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
