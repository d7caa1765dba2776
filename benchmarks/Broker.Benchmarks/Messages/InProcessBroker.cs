using Microsoft.AspNetCore.Builder;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Files;

namespace Quintet.Broker.Benchmarks.Messages;

/// <summary>A whole broker in this process, on free ports and a folder of its own.</summary>
internal sealed class InProcessBroker : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly WebApplication _app;

    private InProcessBroker(TempFolder folder, WebApplication app)
    {
        _folder = folder;
        _app = app;
        Port = BrokerBox.PortsOf(app).Amqp;
    }

    public int Port { get; }

    public static async Task<InProcessBroker> StartAsync()
    {
        TempFolder folder = new();
        Dictionary<string, string?> settings = new()
        {
            ["Broker:Port"] = "0", ["Broker:ManagementPort"] = "0", ["Broker:DataFolder"] = folder["data"], ["Logging:LogLevel:Default"] = "Error",
        };
        WebApplication app = BrokerBox.Build(new BoxSettings(null, settings));
        await app.StartAsync();
        return new InProcessBroker(folder, app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}
