using System.Diagnostics;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Traffic;

namespace Quintet.Load.Brokers;

/// <summary>A broker as an ordinary process on free loopback ports, its data in a folder of its own below the system's temporary one.</summary>
internal abstract class BrokerUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly TempFolder _folder = new("quintet-load-");
    private ChildProcess? _process;

    public abstract string Name { get; }

    public int Port { get; } = FreePort.Take();

    public double ProcessorMicroseconds => ProcessTree.ProcessorMicroseconds(Process.Id);

    public double ResidentMib => ProcessTree.ResidentMib(Process.Id);

    protected string DataFolder => _folder["data"];

    private ChildProcess Process => _process ?? throw new InvalidOperationException("not started");

    /// <summary>Starts it, also again after <see cref="KillAsync"/>, and returns once <paramref name="isReady"/> is true of a connection.</summary>
    public async Task<TimeSpan> StartAsync(Func<LoadConnection, bool> isReady, CancellationToken cancellation)
    {
        Directory.CreateDirectory(DataFolder);
        long start = Stopwatch.GetTimestamp();
        _process = Launch();
        string? last = null;
        while (Stopwatch.GetElapsedTime(start) < Patience)
        {
            if (_process.HasExited) throw new InvalidOperationException($"{Name} ended: {_process.Output}");
            try
            {
                using LoadConnection connection = LoadConnection.Open(Port, 8 * 1024);
                if (isReady(connection)) return Stopwatch.GetElapsedTime(start);
            }
            catch (Exception notYet) when (notYet is IOException or System.Net.Sockets.SocketException)
            {
                last = notYet.Message;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellation);
        }

        throw new TimeoutException($"{Name} is not ready: {last} {_process.Output}");
    }

    /// <summary>SIGKILL, children included.</summary>
    public async Task KillAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }

    /// <summary>Returns when it has nothing left to do: what one scenario left behind is not charged to the next.</summary>
    public async Task SettleAsync(CancellationToken cancellation)
    {
        const int LooksMax = 40;
        TimeSpan pause = TimeSpan.FromMilliseconds(250);
        double before = ProcessorMicroseconds;
        for (int look = 0; look < LooksMax; look++)
        {
            await Task.Delay(pause, TimeProvider.System, cancellation);
            double now = ProcessorMicroseconds;
            if (now - before < pause.TotalMicroseconds / 10) return;
            before = now;
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }

    protected abstract ChildProcess Launch();
}
