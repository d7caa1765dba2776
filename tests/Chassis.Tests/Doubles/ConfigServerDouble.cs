using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Quintet.Chassis.Tests.Doubles;

/// <summary>As much of a configuration server as the chassis asks for, on a socket: the JSON form and the watch.</summary>
internal sealed class ConfigServerDouble : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously); // guarded by _gate, as are the two below
    private Dictionary<string, string> _values;
    private int _version = 1;

    private ConfigServerDouble(WebApplication app, Dictionary<string, string> values)
    {
        _app = app;
        _values = values;
    }

    public string Url => _app.Urls.First();

    public static async Task<ConfigServerDouble> StartAsync(Dictionary<string, string> values)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        ConfigServerDouble server = new(builder.Build(), values);
        server._app.Urls.Add("http://127.0.0.1:0");
        server._app.MapGet("/orders/default", server.Answer);
        server._app.MapGet("/_ext/v1/config/watch/orders/default", server.WatchAsync);
        await server._app.StartAsync();
        return server;
    }

    public void Change(Dictionary<string, string> values)
    {
        lock (_gate)
        {
            _values = values;
            _version++;
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private IResult Answer()
    {
        lock (_gate)
        {
            JsonObject source = [];
            foreach ((string key, string value) in _values) source[key] = value;
            return Results.Text(
                new JsonObject
                {
                    ["name"] = "orders", ["profiles"] = new JsonArray("default"), ["version"] = $"v{_version}",
                    ["propertySources"] = new JsonArray(new JsonObject { ["name"] = "orders.yml", ["source"] = source }),
                }.ToJsonString(),
                "application/json");
        }
    }

    private async Task<IResult> WatchAsync(string? version, HttpContext context)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                if (version != $"v{_version}") return Results.Text($$"""{"version":"v{{_version}}","state":null,"changed":[]}""", "application/json");
            }

            await changed.WaitAsync(context.RequestAborted);
        }
    }
}
