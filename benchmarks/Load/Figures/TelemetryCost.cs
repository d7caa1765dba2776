using System.Globalization;
using System.Net.Http.Json;
using Quintet.Load.Brokers;
using Quintet.TestKit.Figures;
using Quintet.TestKit.Systems;

namespace Quintet.Load.Figures;

/// <summary>
/// What a request costs gateway and service while the console takes their telemetry, and without it: two whole systems, one of them without a
/// console, get the same requests in turn.
/// </summary>
internal static class TelemetryCost
{
    private const int Clients = 4;
    private const int ReadsOfARound = 4_000;
    private const int SignUpsOfARound = 400;

    // The exporters' longest delay, so that what a round caused is paid within it.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(6);

    public static async Task<Report> MeasureAsync(int rounds, CancellationToken cancellation)
    {
        Report report = new($"dotnet run -c Release --project benchmarks/Load -- console {rounds}", Console.Error.WriteLine);
        await using QuintetSystem with = await QuintetSystem.StartAsync(cancellation, console: true);
        await using QuintetSystem without = await QuintetSystem.StartAsync(cancellation);
        foreach (QuintetSystem system in (QuintetSystem[])[with, without])
        {
            await system.SignUpAsync("first", "first@example.org", cancellation);
            await RoundAsync(system, "warm", ReadsOfARound, cancellation);
            await RoundAsync(system, null, ReadsOfARound, cancellation);
        }

        (bool IsSignUp, string What, int Requests)[] kinds = [(false, "GET /users/1", ReadsOfARound), (true, "POST /users", SignUpsOfARound)];
        foreach ((bool isSignUp, string what, int requests) in kinds)
        {
            Costs costsWith = new(), costsWithout = new();
            for (int round = 0; round < rounds; round++)
            {
                string? signUps = isSignUp ? $"round-{round}" : null;
                await costsWith.MeasureAsync(with, () => RoundAsync(with, signUps, requests, cancellation), cancellation);
                await costsWithout.MeasureAsync(without, () => RoundAsync(without, signUps, requests, cancellation), cancellation);
            }

            int all = rounds * requests;
            foreach (string part in (string[])["gateway", "users", "notifications", "broker"])
            {
                (double more, double less) = (costsWith[part] / all, costsWithout[part] / all);
                report.Add(
                    Text($"{what}: processor time of {part}"), Text($"{more:0} µs a request, {less:0} µs without the console: {more / less:0.00} times"));
            }

            report.Add(Text($"{what}: processor time of the console"), Text($"{costsWith["console"] / all:0} µs a request"));
        }

        report.Add("the client", $"{Clients} connections of one process, whose processor time is in none of these");
        return report;
    }

    private static async Task RoundAsync(QuintetSystem system, string? signUps, int requests, CancellationToken cancellation)
    {
        int left = requests;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) is >= 0 and int number)
            {
                using HttpResponseMessage answer = signUps is null
                    ? await system.Gateway.GetAsync(new Uri("/users/1", UriKind.Relative), cancellation)
                    : await system.Gateway.PostAsJsonAsync("/users", new { name = "Load", email = $"{signUps}-{number}@example.org" }, cancellation);
                answer.EnsureSuccessStatusCode();
            }
        }));
        await Task.Delay(Settling, TimeProvider.System, cancellation);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Microseconds of processor time, by part, added up over rounds.</summary>
    private sealed class Costs
    {
        private readonly Dictionary<string, double> _microseconds = [];

        public double this[string part] => _microseconds.GetValueOrDefault(part);

        public async Task MeasureAsync(QuintetSystem system, Func<Task> round, CancellationToken cancellation)
        {
            IReadOnlyList<PartProcess> processes = (await system.StatusAsync(cancellation)).Processes;
            double[] before = [.. processes.Select(process => ProcessTree.ProcessorMicroseconds(process.Pid))];
            await round();
            foreach ((int index, PartProcess process) in processes.Index())
                _microseconds[process.Part] = this[process.Part] + ProcessTree.ProcessorMicroseconds(process.Pid) - before[index];
        }
    }
}
