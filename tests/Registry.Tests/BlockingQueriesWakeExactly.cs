using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quintet.Registry.BlockingQueries;

namespace Quintet.Registry.Tests;

public sealed class BlockingQueriesWakeExactly
{
    private static readonly object Web = new { ID = "web-1", Name = "web", Check = new { TTL = "60s", Status = "passing" } };

    [Fact]
    public async Task A_heartbeat_wakes_nobody_and_a_new_status_does()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.RegisterAsync(Web);
        ulong index = (await registry.GetAsync("/v1/health/service/web")).Index;

        await registry.PutAsync("/v1/agent/check/pass/service:web-1");
        await registry.PutAsync("/v1/agent/check/pass/service:web-1?note=another");
        Assert.Equal(index, (await registry.GetAsync("/v1/health/service/web")).Index);
        Assert.Equal(index, (await registry.GetAsync("/v1/health/state/any")).Index);
        Assert.Contains("another", (await registry.GetAsync("/v1/health/checks/web")).Text);

        Task<Reply> watch = await ParkAsync(registry, $"/v1/health/service/web?index={index}&wait=60s");
        await registry.PutAsync("/v1/agent/check/fail/service:web-1");
        Assert.Contains("critical", (await watch).Text);
    }

    [Fact]
    public async Task What_waits_for_a_change_is_not_in_the_figures_of_how_fast_the_registry_is()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        ulong index = (await registry.GetAsync("/v1/health/service/web")).Index;
        int counted = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            bool isOurs = instrument.Meter.Scope == registry.Services.GetRequiredService<IMeterFactory>();
            if (isOurs && instrument.Name == "http.server.request.duration") listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref counted));
        listener.Start();

        for (int i = 0; i < 3; i++) await registry.GetAsync($"/v1/health/service/web?index={index}&wait=1ms");
        await registry.GetAsync("/v1/health/service/web");
        await registry.GetAsync("/v1/health/service/web"); // over the same connection, so that those before have been counted

        Assert.InRange(Volatile.Read(ref counted), 1, 2);
    }

    [Fact]
    public async Task A_watch_on_a_missing_service_sleeps_while_others_come_and_go()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        ulong index = (await registry.GetAsync("/v1/health/service/missing")).Index;
        Task<Reply> watch = await ParkAsync(registry, $"/v1/health/service/missing?index={index}&wait=60s");

        for (int i = 0; i < 5; i++)
        {
            await registry.RegisterAsync(Web);
            await registry.PutAsync("/v1/agent/service/deregister/web-1");
            await registry.PutAsync("/v1/kv/any", $"{i}");
        }

        Assert.False(watch.IsCompleted);
        await registry.RegisterAsync(new { Name = "missing" });
        Assert.True((await watch).Index > index);
    }

    [Fact]
    public async Task The_removal_of_the_last_instance_wakes()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.RegisterAsync(Web);
        ulong index = (await registry.GetAsync("/v1/health/service/web")).Index;
        Task<Reply> watch = await ParkAsync(registry, $"/v1/health/service/web?index={index}&wait=60s");
        await registry.PutAsync("/v1/agent/service/deregister/web-1");

        Reply woken = await watch;
        Assert.Equal("[]", woken.Text);
        Assert.True(woken.Index > index);
    }

    [Fact]
    public async Task The_list_of_services_moves_with_names_and_tags_alone()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.RegisterAsync(Web);
        ulong index = (await registry.GetAsync("/v1/catalog/services")).Index;

        await registry.PutAsync("/v1/agent/check/fail/service:web-1");
        await registry.RegisterAsync(new { ID = "web-1", Name = "web", Port = 9 });
        await registry.RegisterAsync(new { ID = "web-2", Name = "web", Port = 9 });
        await registry.PutAsync("/v1/agent/service/deregister/web-1");
        Assert.Equal(index, (await registry.GetAsync("/v1/catalog/services")).Index);

        await registry.RegisterAsync(new { ID = "web-2", Name = "web", Tags = new[] { "blue" } });
        Assert.True((await registry.GetAsync("/v1/catalog/services")).Index > index);
    }

    [Fact]
    public async Task A_watch_on_a_prefix_sees_keys_below_it_and_no_others()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.PutAsync("/v1/kv/app/one", "1");
        ulong index = (await registry.GetAsync("/v1/kv/app/?recurse")).Index;
        Task<Reply> watch = await ParkAsync(registry, $"/v1/kv/app/?recurse&index={index}&wait=60s");

        await registry.PutAsync("/v1/kv/apple", "no");
        await registry.PutAsync("/v1/kv/app/one", "1");
        Assert.False(watch.IsCompleted);

        await registry.DeleteAsync("/v1/kv/app/one");
        Reply woken = await watch;
        Assert.Equal(HttpStatusCode.NotFound, woken.Status);
        Assert.True(woken.Index > index);
    }

    [Fact]
    public async Task A_client_that_goes_away_frees_its_watch_at_once()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        using CancellationTokenSource leaving = new();
        Watches watches = registry.Services.GetRequiredService<Watches>();
        Task<Reply> watch = registry.SendAsync(HttpMethod.Get, "/v1/kv/none?index=1&wait=600s", null, cancellation: leaving.Token);
        await UntilAsync(() => watches.Parked == 1);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        await UntilAsync(() => watches.Parked == 0);
    }

    [Fact]
    public async Task Waiting_ends_after_the_wait_and_at_most_a_sixteenth_more()
    {
        FakeTimeProvider time = new();
        await using RunningRegistry registry = await RunningRegistry.StartAsync(null, services => services.AddSingleton<TimeProvider>(time));
        Watches watches = registry.Services.GetRequiredService<Watches>();
        for (int round = 0; round < 20; round++)
        {
            Task<Reply> watch = registry.GetAsync("/v1/kv/none?index=1000&wait=16s");
            await UntilAsync(() => watches.Parked == 1);
            time.Advance(TimeSpan.FromSeconds(15.99));
            Assert.Equal(1, watches.Parked);
            time.Advance(TimeSpan.FromSeconds(1.02));

            Reply answer = await watch;
            Assert.Equal(1u, answer.Index);
        }
    }

    [Fact]
    public async Task One_write_wakes_two_thousand_watchers()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Watches watches = registry.Services.GetRequiredService<Watches>();
        ulong index = (await registry.GetAsync("/v1/health/service/web")).Index;
        Task<Reply>[] parked = [.. Enumerable.Range(0, 2000).Select(_ => registry.GetAsync($"/v1/health/service/web?index={index}&wait=300s"))];
        await UntilAsync(() => watches.Parked == parked.Length);

        await registry.RegisterAsync(Web);
        Reply[] woken = await Task.WhenAll(parked);
        Assert.All(woken, reply => Assert.True(reply.Index > index));
        Assert.Equal(0, watches.Parked);
    }

    [Fact]
    public async Task More_watches_than_allowed_are_refused_with_429()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync(("Registry:Limits:WatchesMax", "1"));
        Task<Reply> first = await ParkAsync(registry, "/v1/kv/none?index=1&wait=60s");

        Reply second = await registry.GetAsync("/v1/kv/none?index=1&wait=60s");
        Assert.Equal(HttpStatusCode.TooManyRequests, second.Status);
        await registry.PutAsync("/v1/kv/none", "");
        await first;
    }

    [Fact]
    public async Task A_stopping_registry_answers_its_watchers()
    {
        RunningRegistry registry = await RunningRegistry.StartAsync();
        Task<Reply> watch = await ParkAsync(registry, "/v1/kv/none?index=1&wait=600s");
        await registry.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHost>().StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, (await watch).Status);
        await registry.DisposeAsync();
    }

    /// <summary>Sends a query and returns when it waits.</summary>
    private static async Task<Task<Reply>> ParkAsync(RunningRegistry registry, string path)
    {
        Watches watches = registry.Services.GetRequiredService<Watches>();
        int before = watches.Parked;
        Task<Reply> query = registry.GetAsync(path);
        await UntilAsync(() => watches.Parked > before);
        return query;
    }

    private static Task UntilAsync(Func<bool> isSo) =>
        TestKit.Processes.Eventually.TrueAsync(
            "the state the test waits for", () => Task.FromResult(isSo()), TestContext.Current.CancellationToken);
}
