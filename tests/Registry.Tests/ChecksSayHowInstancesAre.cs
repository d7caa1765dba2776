using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Quintet.TestKit.Processes;

namespace Quintet.Registry.Tests;

public sealed class ChecksSayHowInstancesAre
{
    [Fact]
    public async Task An_HTTP_check_turns_passing_and_critical_when_the_instance_dies()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Instance instance = await Instance.StartAsync(context => context.Response.WriteAsync("fine"));
        await registry.RegisterAsync(new { Name = "web", Check = new { HTTP = $"{instance.Url}/health", Interval = "100ms", Timeout = "1s" } });
        Reply passing = await UntilAsync(registry, "passing");
        Assert.Contains($"HTTP GET {instance.Url}/health: 200 OK Output: fine", passing.Json[0].GetProperty("Output").GetString());

        await instance.DisposeAsync();
        Reply critical = await UntilAsync(registry, "critical");
        Assert.Contains("connection refused", critical.Json[0].GetProperty("Output").GetString());
        Assert.Equal("[]", (await registry.GetAsync("/v1/health/service/web?passing")).Text);
    }

    [Fact]
    public async Task An_instance_that_hangs_is_critical_after_the_timeout()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await using Instance instance = await Instance.StartAsync(context => Hang.UntilAsync(context.RequestAborted));
        await registry.RegisterAsync(new { Name = "web", Check = new { HTTP = instance.Url, Interval = "100ms", Timeout = "200ms", Status = "passing" } });

        Reply critical = await UntilAsync(registry, "critical");
        Assert.Contains("context deadline exceeded", critical.Json[0].GetProperty("Output").GetString());
    }

    [Fact]
    public async Task An_instance_that_comes_back_on_another_port_is_not_passing_before_it_was_asked()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await using Instance instance = await Instance.StartAsync(context => context.Response.WriteAsync("fine"));
        await registry.RegisterAsync(new { Name = "web", Check = new { HTTP = instance.Url, Interval = "100ms" } });
        await UntilAsync(registry, "passing");
        TaskCompletionSource asked = new();
        await using Instance other = await Instance.StartAsync(context => asked.Task);
        await registry.RegisterAsync(new { Name = "web", Check = new { HTTP = other.Url, Interval = "100ms" } });

        Assert.Equal("[]", (await registry.GetAsync("/v1/health/service/web?passing")).Text);
        asked.SetResult();
        await UntilAsync(registry, "passing");
    }

    [Theory]
    [InlineData(204, "passing")]
    [InlineData(429, "warning")]
    [InlineData(404, "critical")]
    [InlineData(500, "critical")]
    public async Task The_status_code_decides(int code, string status)
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await using Instance instance = await Instance.StartAsync(context =>
        {
            context.Response.StatusCode = code;
            return Task.CompletedTask;
        });
        await registry.RegisterAsync(
            new
            {
                Name = "web",
                Check = new { HTTP = instance.Url, Interval = "100ms", Status = status == "critical" ? "passing" : "critical" },
            });

        Assert.Equal(status, (await UntilAsync(registry, status)).Json[0].GetProperty("Status").GetString());
    }

    [Fact]
    public async Task An_HTTP_check_sends_its_method_body_and_headers()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        TaskCompletionSource<string> seen = new();
        await using Instance instance = await Instance.StartAsync(async context =>
        {
            string body = await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
            seen.TrySetResult($"{context.Request.Method} {context.Request.Host} {context.Request.Headers.UserAgent} {body}");
        });
        await registry.RegisterAsync(
            new
            {
                Name = "web",
                Check = new
                {
                    HTTP = instance.Url, Interval = "1s", Method = "POST", Body = "ping", Header = new { Host = new[] { "other.test" } },
                },
            });

        Assert.Equal("POST other.test Consul Health Check ping", await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_TCP_check_sees_the_port_open_and_closed()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        await registry.RegisterAsync(new { Name = "web", Check = new { TCP = listener.LocalEndpoint.ToString(), Interval = "100ms" } });
        Assert.Contains("Success", (await UntilAsync(registry, "passing")).Text);

        listener.Stop();
        Assert.Contains("connection refused", (await UntilAsync(registry, "critical")).Text);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    public async Task A_check_never_reaches_a_denied_network(string url)
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.RegisterAsync(new { Name = "web", Check = new { HTTP = url, Interval = "100ms", Status = "passing" } });

        Assert.Contains("Registry:Checks:DeniedNetworks", (await UntilAsync(registry, "critical")).Text);
    }

    [Fact]
    public async Task A_redirect_does_not_lead_into_a_denied_network()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await using Instance instance = await Instance.StartAsync(context =>
        {
            context.Response.Redirect("http://169.254.169.254/");
            return Task.CompletedTask;
        });
        await registry.RegisterAsync(new { Name = "web", Check = new { HTTP = instance.Url, Interval = "100ms", Status = "passing" } });

        Assert.Contains("Registry:Checks:DeniedNetworks", (await UntilAsync(registry, "critical")).Text);
    }

    [Fact]
    public async Task A_TTL_check_expires_when_it_is_not_heard_of_and_comes_back()
    {
        FakeTimeProvider time = new();
        await using RunningRegistry registry = await RunningRegistry.StartAsync(null, services => services.AddSingleton<TimeProvider>(time));
        await registry.RegisterAsync(new { Name = "web", Check = new { TTL = "10s", Status = "passing" } });
        Pass(time, 9);
        await registry.PutAsync("/v1/agent/check/pass/service:web");
        Pass(time, 9);
        Assert.Contains("\"passing\"", (await registry.GetAsync("/v1/health/checks/web")).Text);

        Pass(time, 2);
        Assert.Equal("TTL expired", (await UntilAsync(registry, "critical")).Json[0].GetProperty("Output").GetString());
        await registry.PutAsync("/v1/agent/check/pass/service:web?note=back");
        Assert.Contains("\"back\"", (await registry.GetAsync("/v1/health/checks/web")).Text);
    }

    [Fact]
    public async Task A_pause_of_the_registry_itself_expires_nobody()
    {
        FakeTimeProvider time = new();
        await using RunningRegistry registry = await RunningRegistry.StartAsync(null, services => services.AddSingleton<TimeProvider>(time));
        await registry.RegisterAsync(new { Name = "web", Check = new { TTL = "10s", Status = "passing" } });
        time.Advance(TimeSpan.FromSeconds(30)); // nothing ran meanwhile

        await registry.PutAsync("/v1/agent/check/pass/service:web");
        Pass(time, 5);
        Assert.Contains("\"passing\"", (await registry.GetAsync("/v1/health/checks/web")).Text);
        Pass(time, 6);
        await UntilAsync(registry, "critical");
    }

    [Fact]
    public async Task After_a_restart_a_TTL_check_keeps_its_status_and_has_its_full_time()
    {
        FakeTimeProvider time = new();
        RunningRegistry first = await RunningRegistry.StartAsync(null, services => services.AddSingleton<TimeProvider>(time));
        await first.RegisterAsync(new { Name = "web", Check = new { TTL = "10s" } });
        await first.PutAsync("/v1/agent/check/warn/service:web?note=slow");
        Pass(time, 9);
        await first.StopAsync();

        await using RunningRegistry second = await RunningRegistry.StartAsync(first.Folder, services => services.AddSingleton<TimeProvider>(time));
        Pass(time, 9);
        Assert.Equal("warning", (await second.GetAsync("/v1/health/checks/web")).Json[0].GetProperty("Status").GetString());
        Pass(time, 2);
        await UntilAsync(second, "critical");
    }

    [Fact]
    public async Task An_instance_critical_for_too_long_is_removed_and_not_before()
    {
        FakeTimeProvider time = new();
        await using RunningRegistry registry = await RunningRegistry.StartAsync(null, services => services.AddSingleton<TimeProvider>(time));
        await registry.RegisterAsync(new { Name = "web", Check = new { TTL = "10s", DeregisterCriticalServiceAfter = "1s" } }); // raised to a minute
        Pass(time, 59);
        Reply before = await registry.GetAsync("/v1/health/service/web");
        Assert.NotEqual("[]", before.Text);

        Task<Reply> gone = registry.GetAsync($"/v1/catalog/services?index={(await registry.GetAsync("/v1/catalog/services")).Index}&wait=600s");
        Pass(time, 45);
        Assert.Equal("""{"consul":[]}""", (await gone).Text);
    }

    [Fact]
    public async Task Many_heartbeats_go_in_one_request()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        foreach (string id in (string[])["a", "b"]) await registry.RegisterAsync(new { ID = id, Name = "web", Check = new { TTL = "60s" } });
        Reply reply = await registry.PutAsync("/_ext/v1/registry/heartbeat", """["service:a","service:b","service:c"]""");

        Assert.Equal("""{"Unknown":["service:c"]}""", reply.Text);
        Assert.Equal(2, (await registry.GetAsync("/v1/health/service/web?passing")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Failures_in_a_row_are_counted_before_a_check_turns_critical()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        int asked = 0;
        await using Instance instance = await Instance.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref asked) > 1 ? 500 : 200;
            return Task.CompletedTask;
        });
        await registry.RegisterAsync(new { Name = "web", Check = new { HTTP = instance.Url, Interval = "100ms", FailuresBeforeCritical = 3 } });
        await UntilAsync(registry, "passing");
        await UntilAsync(registry, "critical");

        Assert.True(asked >= 4, $"asked {asked} times");
    }

    [Fact]
    public async Task Maintenance_takes_an_instance_out_and_lets_it_back()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.RegisterAsync(new { Name = "web" });
        await registry.PutAsync("/v1/agent/service/maintenance/web?enable=true&reason=because");
        Assert.Equal("[]", (await registry.GetAsync("/v1/health/service/web?passing")).Text);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "maintenance"), await WordAsync(registry));

        await registry.PutAsync("/v1/agent/service/maintenance/web?enable=false");
        Assert.Equal((HttpStatusCode.OK, "passing"), await WordAsync(registry));
        await registry.PutAsync("/v1/agent/maintenance?enable=true");
        Assert.Equal("[]", (await registry.GetAsync("/v1/health/service/web?passing")).Text);
    }

    private static async Task<(HttpStatusCode, string)> WordAsync(RunningRegistry registry)
    {
        Reply reply = await registry.GetAsync("/v1/agent/health/service/id/web?format=text");
        return (reply.Status, reply.Text);
    }

    /// <summary>Lets time go by as it does, in small steps; one leap would be a pause of the process.</summary>
    private static void Pass(FakeTimeProvider time, double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.5) time.Advance(TimeSpan.FromSeconds(0.5));
    }

    /// <summary>Waits, by blocking queries, until the one check of <c>web</c> has the status.</summary>
    private static async Task<Reply> UntilAsync(RunningRegistry registry, string status)
    {
        Stopwatch waited = Stopwatch.StartNew();
        Reply reply = await registry.GetAsync("/v1/health/checks/web");
        while (reply.Json.GetArrayLength() == 0 || reply.Json[0].GetProperty("Status").GetString() != status)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), $"not {status} but {reply.Text}");
            reply = await registry.GetAsync($"/v1/health/checks/web?index={reply.Index}&wait=20s");
        }

        return reply;
    }

    /// <summary>A small web server to be checked.</summary>
    private sealed class Instance(WebApplication app) : IAsyncDisposable
    {
        public string Url => app.Urls.First();

        public static async Task<Instance> StartAsync(RequestDelegate answer)
        {
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
            WebApplication app = builder.Build();
            app.Run(answer);
            await app.StartAsync(TestContext.Current.CancellationToken);
            return new Instance(app);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
