using System.Globalization;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Hosts;

/// <summary>The process of <see cref="BrokerHost"/>, seen from the test that kills it.</summary>
internal sealed class ShadowedBroker : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private ChildProcess? _process;
    private int _port;

    public ShadowedBroker() => Directory.CreateDirectory(Shadow);

    public string Output => _process!.Output;

    public int ExitCode => _process!.ExitCode;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Live => _folder["live"];

    private string Shadow => _folder["shadow"];

    /// <summary>Starts it on nothing but what the shadow holds.</summary>
    public async Task StartAsync()
    {
        if (Directory.Exists(Live)) Directory.Delete(Live, recursive: true);
        Copy(Shadow, Live);
        _process = ChildProcess.Start(Environment.ProcessPath!, [BrokerHost.Argument, _folder.Path, $"{Environment.ProcessId}"]);
        await Eventually.TrueAsync(
            "the broker is ready", () => Task.FromResult(Output.Contains(BrokerHost.Ready, StringComparison.Ordinal)), Stop, () => Output);
        _port = int.Parse(Output.Split(BrokerHost.Ready)[1].Split('\n')[0], CultureInfo.InvariantCulture);
    }

    public Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { HostName = "127.0.0.1", Port = _port, AutomaticRecoveryEnabled = false, ContinuationTimeout = TimeSpan.FromSeconds(5) }
            .CreateConnectionAsync(Stop);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync() => await _process!.DisposeAsync();

    public Task EndedAsync() => _process!.WaitAsync(Stop);

    /// <summary>From now on a sync of files whose names begin like this fails.</summary>
    public Task BreakSyncAsync(string files) => File.WriteAllTextAsync(_folder[BrokerHost.SyncFails], files, Stop);

    /// <summary>A folder with what the shadow holds.</summary>
    public string CopyOfShadow()
    {
        string copy = _folder[$"copy-{Guid.NewGuid():N}"];
        Copy(Shadow, copy);
        return copy;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
