using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Quintet.Chassis.Tests.Doubles;

/// <summary>
/// As much of a registry as the chassis asks for, on a socket: registration, deregistration and the blocking read of a service's
/// instances. All registered instances pass.
/// </summary>
internal sealed class RegistryDouble : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, JsonObject> _registered = []; // guarded by _gate, as are the two below
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _index = 10;
    private WebApplication? _app;
    private int _port;

    public string Url => $"http://127.0.0.1:{_port}";

    /// <summary>What came in, oldest first: <c>register orders-1</c>.</summary>
    public List<string> Calls { get; } = [];

    public static async Task<RegistryDouble> StartAsync()
    {
        RegistryDouble registry = new();
        await registry.OpenAsync();
        return registry;
    }

    public JsonObject? Registered(string id)
    {
        lock (_gate) return _registered.GetValueOrDefault(id);
    }

    /// <summary>Loses everything, as a registry without its disk does.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _registered.Clear();
            Change("forget");
        }
    }

    public void Register(string id, string service, int port)
    {
        lock (_gate)
        {
            _registered[id] = new JsonObject { ["ID"] = id, ["Name"] = service, ["Address"] = "127.0.0.1", ["Port"] = port };
            Change($"register {id}");
        }
    }

    /// <summary>Ends the process' listening, with open queries cut.</summary>
    public async Task CloseAsync()
    {
        if (_app is null) return;
        using CancellationTokenSource now = new(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>Listens again, where it did before.</summary>
    public async Task OpenAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add($"http://127.0.0.1:{_port}");
        _app.MapPut("/v1/agent/service/register", TakeAsync);
        _app.MapPut("/v1/agent/service/deregister/{id}", Remove);
        _app.MapGet("/v1/health/service/{name}", AnswerAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Urls.First()).Port;
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task TakeAsync(HttpContext context)
    {
        JsonObject body = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        lock (_gate)
        {
            _registered[(string)body["ID"]!] = body;
            Change($"register {body["ID"]}");
        }
    }

    private void Remove(string id)
    {
        lock (_gate)
        {
            _registered.Remove(id);
            Change($"deregister {id}");
        }
    }

    private async Task AnswerAsync(string name, HttpContext context)
    {
        _ = long.TryParse(context.Request.Query["index"], CultureInfo.InvariantCulture, out long known);
        while (true)
        {
            Task changed;
            JsonArray? answer = null;
            lock (_gate)
            {
                changed = _changed.Task;
                if (known != _index) answer = [.. _registered.Values.Where(service => (string?)service["Name"] == name).Select(Row)];
                context.Response.Headers["X-Consul-Index"] = _index.ToString(CultureInfo.InvariantCulture);
            }

            if (answer is not null)
            {
                await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
                return;
            }

            await changed.WaitAsync(context.RequestAborted);
        }
    }

    private static JsonNode Row(JsonObject service) => new JsonObject
    {
        ["Node"] = new JsonObject { ["Address"] = "127.0.0.1" },
        ["Service"] = new JsonObject
        {
            ["ID"] = (string?)service["ID"],
            ["Service"] = (string?)service["Name"],
            ["Address"] = (string?)service["Address"],
            ["Port"] = (int?)service["Port"],
        },
        ["Checks"] = new JsonArray(),
    };

    private void Change(string call)
    {
        Calls.Add(call);
        _index++;
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
