using System.Diagnostics;
using System.Globalization;
using Quintet.TestKit.Figures;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Traffic;

namespace Quintet.Broker.Benchmarks;

/// <summary>
/// How long a test waits for <see cref="QuintetBroker.StartAsync"/>: the first in its process, when all is still to be compiled, and those after it.
/// Each sample is a process of its own, which runs this program with <c>start-once</c>.
/// </summary>
internal static class StartFigures
{
    public const string Once = "start-once";

    private const int Samples = 11;

    public static async Task<Report> MeasureAsync(CancellationToken cancellation)
    {
        Report report = new("dotnet run -c Release --project benchmarks/Broker.Benchmarks -- start");
        List<double[]> samples = [];
        for (int sample = 0; sample < Samples; sample++)
        {
            (int exitCode, string output) = await ChildProcess.RunAsync(Environment.ProcessPath!, [Once], cancellation);
            if (exitCode != 0) throw new InvalidOperationException(output);
            samples.Add([.. output.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))]);
        }

        report.Add("the first broker of a process, until it takes connections", Milliseconds(samples, 0), "well under 1 s");
        report.Add("that, and until a client is connected and has declared a durable queue", Milliseconds(samples, 1), "well under 1 s");
        report.Add("a further broker in the same process, until it takes connections", Milliseconds(samples, 2));
        return report;
    }

    /// <summary>One sample: prints the three numbers.</summary>
    public static async Task RunOnceAsync()
    {
        long began = Stopwatch.GetTimestamp();
        await using QuintetBroker first = await QuintetBroker.StartAsync();
        double ready = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        using (LoadConnection client = LoadConnection.Open(first.AmqpUrl.Port, 4096)) client.DeclareQueue("first", "classic");
        double declared = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        began = Stopwatch.GetTimestamp();
        await using QuintetBroker second = await QuintetBroker.StartAsync();
        double again = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        Console.Write(string.Create(CultureInfo.InvariantCulture, $"{ready:0.0} {declared:0.0} {again:0.0}"));
    }

    private static string Milliseconds(List<double[]> samples, int column)
    {
        double[] sorted = [.. samples.Select(sample => sample[column]).Order()];
        return string.Create(
            CultureInfo.InvariantCulture, $"median {sorted[sorted.Length / 2]:0} ms ({sorted[0]:0}–{sorted[^1]:0}, {sorted.Length} processes)");
    }
}
