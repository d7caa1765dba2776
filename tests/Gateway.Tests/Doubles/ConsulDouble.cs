using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Quintet.Gateway.Tests.Doubles;

/// <summary>The part of a Consul that the gateway asks, spoken on a real socket; it can die, come back, and forget.</summary>
public sealed class ConsulDouble : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Registration> _instances = new();
    private readonly ConcurrentDictionary<string, string> _keys = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _index = 10;
    private WebApplication? _app;
    private int _port;

    public string Url => $"http://127.0.0.1:{_port}";

    /// <summary>The token that the last request brought.</summary>
    public string? Token { get; private set; }

    public static async Task<ConsulDouble> StartAsync()
    {
        ConsulDouble consul = new();
        await consul.ComeBackAsync();
        return consul;
    }

    public async Task ComeBackAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port));
        WebApplication app = builder.Build();
        app.MapGet("/v1/catalog/services", context => AnswerAsync(context, Catalog));
        app.MapGet("/v1/health/service/{name}", context => AnswerAsync(context, () => Health((string)context.Request.RouteValues["name"]!)));
        app.MapGet("/v1/kv/{**prefix}", context => AnswerAsync(context, () => Keys((string)context.Request.RouteValues["prefix"]!)));
        await app.StartAsync();
        _port = new Uri(app.Urls.First()).Port;
        _app = app;
    }

    /// <summary>Cuts every connection and stops listening.</summary>
    public async Task DieAsync()
    {
        await _app!.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _app = null;
    }

    public void Register(string id, string name, Uri address, params string[] routes) =>
        Register(new Registration(id, name, address.Host, address.Port, "passing", routes.Index().ToDictionary(r => $"quintet-route-{r.Index}", r => r.Item)));

    public void Register(Registration registration)
    {
        _instances[registration.Id] = registration;
        Changed();
    }

    public void Deregister(string id)
    {
        _instances.TryRemove(id, out _);
        Changed();
    }

    public void SetStatus(string id, string status)
    {
        _instances[id] = _instances[id] with { Status = status };
        Changed();
    }

    public void PutKey(string key, string value)
    {
        _keys[key] = value;
        Changed();
    }

    public void Forget()
    {
        _instances.Clear();
        lock (_gate) _index = 1;
        Changed();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await DieAsync();
    }

    private void Changed()
    {
        TaskCompletionSource was;
        lock (_gate)
        {
            _index++;
            was = _change;
            _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        was.SetResult();
    }

    private async Task AnswerAsync(HttpContext context, Func<object?> answer)
    {
        Token = context.Request.Headers["X-Consul-Token"];
        long waitFor = long.TryParse(context.Request.Query["index"], CultureInfo.InvariantCulture, out long given) ? given : 0;
        (long index, Task change) = Now();
        if (waitFor > 0 && index <= waitFor)
        {
            TimeSpan wait = TimeSpan.FromMilliseconds(double.Parse(context.Request.Query["wait"].ToString().Replace("ms", ""), CultureInfo.InvariantCulture));
            try
            {
                await change.WaitAsync(wait, TimeProvider.System, context.RequestAborted);
            }
            catch (TimeoutException)
            {
                // Nothing changed for as long as was asked; Consul answers what it has.
            }

            (index, _) = Now();
        }

        context.Response.Headers["X-Consul-Index"] = index.ToString(CultureInfo.InvariantCulture);
        if (answer() is { } body) await context.Response.WriteAsJsonAsync(body, JsonSerializerOptions.Default, context.RequestAborted);
        else context.Response.StatusCode = 404;
    }

    private (long Index, Task Change) Now()
    {
        lock (_gate) return (_index, _change.Task);
    }

    private object Catalog() => _instances.Values.GroupBy(i => i.Name).ToDictionary(service => service.Key, _ => Array.Empty<string>());

    private object Health(string name) => _instances.Values.Where(i => i.Name == name).Select(i => new
    {
        Node = new { Node = "node1", Address = "127.0.0.1" },
        Service = new { ID = i.Id, Service = i.Name, i.Address, i.Port, i.Meta },
        Checks = new[] { new { CheckID = $"service:{i.Id}", i.Status } },
    }).ToArray();

    private object? Keys(string prefix)
    {
        var rows = _keys.Where(k => k.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(k => new { k.Key, Value = System.Text.Encoding.UTF8.GetBytes(k.Value), Flags = 0, ModifyIndex = 1 }).ToArray();
        return rows.Length == 0 ? null : rows;
    }

    public sealed record Registration(string Id, string Name, string Address, int Port, string Status, Dictionary<string, string> Meta);
}
