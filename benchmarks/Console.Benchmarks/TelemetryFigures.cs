using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Quintet.TestKit.Figures;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.Console.Benchmarks;

/// <summary>What telemetry costs the console, and how fast it answers when it has much of it: a process of its own, asked over its ports.</summary>
internal sealed class TelemetryFigures(HttpClient client, int console, int receiver)
{
    public const string AsConsole = "QUINTET_BENCHMARK_RUN_CONSOLE";

    private const string Secret = "a-secret-of-the-benchmark-alone";
    private const int SpansPerSecond = 2000;
    private const int TracesOfRequest = 30;

    private static readonly (string Name, string Path)[] Questions =
    [
        ("the newest traces", "traces?last=1d"),
        ("the newest traces, without what the parts ask each other", "traces?last=1d&parts=false"),
        ("the slowest traces", "traces?last=1d&order=slowest"),
        ("failed traces of a service", "traces?last=1d&service=users&error=true"),
        ("traces by a part of the name", "traces?last=1d&name=get%20/users"),
        ("traces by a rare word", "traces?last=1d&text=/users/4711"),
        ("traces by a word that all have", "traces?last=1d&text=get"),
        ("calls", "calls?last=1h"),
        ("requests of all services", "requests?last=1h&step=10s"),
    ];

    private readonly Traffic _traffic = new(1);

    public static async Task<Report> MeasureAsync(int seconds, int spans, CancellationToken cancellation)
    {
        Report report = new($"dotnet run -c Release --project benchmarks/Console.Benchmarks -- {seconds} {spans}", System.Console.Error.WriteLine);
        using TempFolder folder = new();
        int port = FreePort.Take();
        int receiver = FreePort.Take();
        await using ChildProcess child = ChildProcess.Start(Environment.ProcessPath!, [], folder.Path, new Dictionary<string, string?>
        {
            [AsConsole] = "yes",
            ["Console__DataFolder"] = folder["data"],
            ["Console__Port"] = $"{port}",
            ["Console__Access__Tokens__0__Name"] = "benchmark",
            ["Console__Access__Tokens__0__Secret"] = Secret,
            ["Console__Telemetry__GrpcPort"] = "0",
            ["Console__Telemetry__HttpPort"] = $"{receiver}",
            ["Console__Telemetry__Sampling__SpansPerSecond"] = "1000000",
            ["Console__Telemetry__Keep__BytesMax"] = $"{8L << 30}",
        });
        using HttpClient client = new(new SocketsHttpHandler()) { Timeout = TimeSpan.FromMinutes(1) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Secret);
        TelemetryFigures figures = new(client, port, receiver);
        await Eventually.TrueAsync("the console is ready", () => figures.IsReadyAsync(cancellation), cancellation, () => child.Output);
        await figures.FillAsync(report, child, folder, seconds, spans, cancellation);
        foreach ((string name, string path) in Questions)
        {
            double[] took = await figures.AskAsync(path, cancellation);
            report.Add($"{name}", Text($"median {took[took.Length / 2]:0.0} ms, p95 {took[took.Length * 95 / 100]:0.0} ms"), "p95 under 200 ms");
        }

        report.Add("resident after the questions", Resident(child.Id));
        return report;
    }

    private async Task FillAsync(Report report, ChildProcess child, TempFolder folder, int seconds, int spans, CancellationToken cancellation)
    {
        report.Add("resident at rest", Resident(child.Id));
        int steady = seconds * SpansPerSecond;
        (double processor, TimeSpan lasted, double[] took) = await SteadyAsync(child.Id, seconds, cancellation);
        Array.Sort(took);
        report.Add(
            Text($"{steady / lasted.TotalSeconds:N0} spans/s for {lasted.TotalSeconds:0} s: processor time of the console"),
            Text($"{processor / lasted.TotalSeconds:0.00} of a core, {processor * 1e6 / steady:0} µs a span, settling included"),
            Text($"{SpansPerSecond:N0} spans/s"));
        report.Add("from a request of 180 spans to its commit", Text($"median {took[took.Length / 2]:0.0} ms, p99 {took[took.Length * 99 / 100]:0.0} ms"));
        report.Add("resident meanwhile", Resident(child.Id));

        long began = Stopwatch.GetTimestamp();
        for (int sent = steady; sent < spans; sent += TracesOfRequest * Traffic.SpansOfTrace) await SendAsync(cancellation);
        if (spans > steady)
            report.Add(
                Text($"up to {spans:N0} spans, one request after another"),
                Text($"{(spans - steady) / Stopwatch.GetElapsedTime(began).TotalSeconds:N0} spans/s"));

        int stored = Math.Max(spans, steady);
        long bytes = new DirectoryInfo(folder["data"]).GetFiles("telemetry.db*").Sum(file => file.Length);
        report.Add(Text($"on the disk with {stored:N0} spans"), Text($"{bytes >> 20:N0} MiB, {bytes / stored:N0} bytes a span"));
        await Eventually.GetAsync(
            "all traces are settled", async () => await CountedAsync(cancellation) >= stored / 2 ? "yes" : null, cancellation, TimeSpan.FromMinutes(10));
    }

    /// <summary>A request is sent when it is due, whether or not the one before has its answer: many processes export, and none waits for another.</summary>
    private async Task<(double Processor, TimeSpan Lasted, double[] Took)> SteadyAsync(int id, int seconds, CancellationToken cancellation)
    {
        const int SpansOfRequest = TracesOfRequest * Traffic.SpansOfTrace;
        using Process process = Process.GetProcessById(id);
        TimeSpan before = process.TotalProcessorTime;
        long began = Stopwatch.GetTimestamp();
        List<Task<double>> requests = [];
        for (int sent = 0; sent < seconds * SpansPerSecond; sent += SpansOfRequest)
        {
            TimeSpan early = TimeSpan.FromSeconds(sent / (double)SpansPerSecond) - Stopwatch.GetElapsedTime(began);
            if (early > TimeSpan.Zero) await Task.Delay(early, TimeProvider.System, cancellation);
            requests.Add(SendAsync(cancellation));
        }

        double[] took = await Task.WhenAll(requests);
        process.Refresh();
        return ((process.TotalProcessorTime - before).TotalSeconds, Stopwatch.GetElapsedTime(began), took);
    }

    private async Task<double> SendAsync(CancellationToken cancellation)
    {
        using ByteArrayContent content = new(_traffic.Request(TracesOfRequest, TimeProvider.System.GetUtcNow()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        long began = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await client.PostAsync(new Uri($"http://127.0.0.1:{receiver}/v1/traces"), content, cancellation);
        answer.EnsureSuccessStatusCode();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private async Task<double[]> AskAsync(string path, CancellationToken cancellation)
    {
        double[] took = new double[100];
        for (int i = 0; i < took.Length; i++)
        {
            long began = Stopwatch.GetTimestamp();
            await GetAsync($"api/v1/{path}", cancellation);
            took[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        Array.Sort(took);
        return took;
    }

    /// <summary>Server spans that settled traces had: half of all.</summary>
    private async Task<long> CountedAsync(CancellationToken cancellation)
    {
        using System.Text.Json.JsonDocument calls = System.Text.Json.JsonDocument.Parse(await GetAsync("api/v1/calls?last=1d", cancellation));
        return calls.RootElement.EnumerateArray().Where(call => call.GetProperty("to").GetProperty("kind").GetString() == "service")
            .Sum(call => call.GetProperty("count").GetInt64());
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        await GetAsync("health/ready", cancellation);
        return true;
    }

    private Task<string> GetAsync(string path, CancellationToken cancellation) =>
        client.GetStringAsync(new Uri($"http://127.0.0.1:{console}/{path}"), cancellation);

    private static string Resident(int id)
    {
        using Process process = Process.GetProcessById(id);
        return Text($"{process.WorkingSet64 >> 20:N0} MiB");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
