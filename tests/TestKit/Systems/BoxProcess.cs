using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Systems;

/// <summary>One box alone, as <c>quintet registry|broker|config|gateway</c> starts it, on free ports and a data folder of its own.</summary>
public sealed class BoxProcess : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly string box;
    private readonly IReadOnlyDictionary<string, string?> environment;
    private ChildProcess process = null!;

    private BoxProcess(string box, IReadOnlyDictionary<string, string?> environment)
    {
        this.box = box;
        this.environment = environment;
    }

    public int Port { get; } = FreePort.Take();

    /// <summary>The broker's management port; the other boxes answer everything on <see cref="Port"/>.</summary>
    public int ManagementPort { get; } = FreePort.Take();

    public string DataFolder => folder["data"];

    public string Output => process.Output;

    /// <summary>As clients' variables hold it: without a slash at the end.</summary>
    public string Address => $"http://127.0.0.1:{Port}";

    public int ProcessId => process.Id;

    public static async Task<BoxProcess> StartAsync(string box, CancellationToken cancellation, params (string Key, string? Value)[] environment)
    {
        var started = new BoxProcess(box, environment.ToDictionary(e => e.Key, e => e.Value));
        await started.RestartAsync(cancellation);
        return started;
    }

    /// <summary>Starts it again on the same ports and data, after <see cref="KillAsync"/>.</summary>
    public async Task RestartAsync(CancellationToken cancellation)
    {
        Dictionary<string, string?> variables = new(environment) { ["Broker__ManagementPort"] = $"{ManagementPort}" };
        process = ChildProcess.Start(Repository.Command, [box, "--port", $"{Port}", "--data", DataFolder], folder.Path, variables);
        using var probe = new HttpClient(new SocketsHttpHandler());
        int healthPort = box == "broker" ? ManagementPort : Port;
        await Eventually.TrueAsync(
            $"quintet {box} is ready",
            async () =>
            {
                if (process.HasExited) throw new InvalidOperationException($"it ended with {process.ExitCode}");
                return (await probe.GetAsync(new Uri($"http://127.0.0.1:{healthPort}/health/ready"), cancellation)).IsSuccessStatusCode;
            },
            cancellation,
            () => process.Output);
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync() => await process.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Dispose();
    }
}
