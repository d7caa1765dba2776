using Quintet.Load.Figures;
using Quintet.TestKit.Figures;

namespace Quintet.Load;

/// <summary>Measures whole processes from outside: <c>dotnet run -c Release --project benchmarks/Load -- system</c>, <c>console</c> or <c>broker</c>.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        using var interrupted = new CancellationTokenSource();
        Console.CancelKeyPress += (_, key) =>
        {
            key.Cancel = true;
            interrupted.Cancel();
        };
        switch (args)
        {
            case ["system", .. string[] rest]:
                Report report = await SystemFigures.MeasureAsync(rest.Length > 0 ? int.Parse(rest[0], null) : 5, interrupted.Token);
                Console.WriteLine(report.ToString());
                await report.SaveAsync("system", interrupted.Token);
                return 0;
            case ["console", .. string[] rest]:
                Report cost = await TelemetryCost.MeasureAsync(rest.Length > 0 ? int.Parse(rest[0], null) : 5, interrupted.Token);
                Console.WriteLine(cost.ToString());
                await cost.SaveAsync("console-cost", interrupted.Token);
                return 0;
            case ["broker", .. string[] rest] when BrokerArguments.Parse(rest) is { } wanted:
                return await BrokerResult.MeasureAsync(wanted, interrupted.Token);
            default:
                await Console.Error.WriteLineAsync("usage: load system [repetitions]   warm start, memory, time until a dead instance is out of the registry");
                await Console.Error.WriteLineAsync("       load console [rounds]         what a request costs with the console and without");
                await Console.Error.WriteLineAsync(BrokerArguments.Usage);
                return 2;
        }
    }
}
