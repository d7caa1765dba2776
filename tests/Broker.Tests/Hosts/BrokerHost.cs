using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Quintet.Hosting;
using Quintet.Hosting.Settings;

namespace Quintet.Broker.Tests.Hosts;

/// <summary>
/// This test program in another role: a process with a broker over a <see cref="ShadowDisk"/>, to be killed. Its folder holds <c>live</c> and
/// <c>shadow</c>; once <c>sync-fails</c> is there, a sync of the files whose names begin with its content fails.
/// </summary>
internal static class BrokerHost
{
    public const string Argument = "--broker-over-a-shadow";
    public const string Ready = "broker on port ";
    public const string SyncFails = "sync-fails";

    public static async Task<int> RunAsync(string folder, int parent)
    {
        WebApplication app = BrokerBox.Build(
            BoxHost.CreateBuilder("broker", new BoxSettings(null, new Dictionary<string, string?>
            {
                ["Broker:Port"] = "0",
                ["Broker:ManagementPort"] = "0",
                ["Broker:DataFolder"] = Path.Combine(folder, "live"),
                // Small, so that a second of load fills, deletes and compacts many.
                ["Broker:Storage:SegmentBytes"] = $"{1024 * 1024}",
                ["Broker:Storage:CompactionBytesMin"] = "0",
                ["Logging:LogLevel:Default"] = "Error",
            })),
            live => new ShadowDisk(live, Path.Combine(folder, "shadow"), file => FailIfAsked(Path.Combine(folder, SyncFails), file)));
        await app.StartAsync();
        await Console.Out.WriteLineAsync(Ready + BrokerBox.PortsOf(app).Amqp.ToString(CultureInfo.InvariantCulture));
        // Whoever started it may be killed, too, and cannot end it then.
        using PeriodicTimer look = new(TimeSpan.FromSeconds(1));
        while (Directory.Exists($"/proc/{parent}")) await look.WaitForNextTickAsync();
        return 0;
    }

    private static void FailIfAsked(string trigger, string file)
    {
        if (File.Exists(trigger) && file.StartsWith(File.ReadAllText(trigger), StringComparison.Ordinal))
            throw new IOException("fdatasync: Input/output error");
    }
}
