using Microsoft.AspNetCore.Builder;
using Quintet.Console;
using Quintet.Console.Benchmarks;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Figures;

// The console that is measured is this program again, as a process of its own.
if (Environment.GetEnvironmentVariable(TelemetryFigures.AsConsole) is not null)
{
    await using WebApplication console = ConsoleBox.Build(BoxSettings.Empty);
    await console.RunAsync();
    return;
}

int seconds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 60;
int spans = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 1_000_000;
Report report = await TelemetryFigures.MeasureAsync(seconds, spans, CancellationToken.None);
System.Console.WriteLine(report);
await report.SaveAsync("console-telemetry", CancellationToken.None);
