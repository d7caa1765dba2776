using System.Net.Http.Headers;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>Kills a real console while exporters send to it.</summary>
public sealed class AKilledConsoleHasWhatItAcknowledged
{
    private const int Exporters = 4;
    private const int AcknowledgedBeforeKill = 200;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_by_kill_9()
    {
        using TempFolder folder = new();
        int port = FreePort.Take();
        List<int> acknowledged;
        await using (ChildProcess console = Start(folder, port))
        {
            using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await UntilTakenAsync(client, console);
            acknowledged = await SendUntilKilledAsync(client, console);
        }

        Assert.True(acknowledged.Count >= AcknowledgedBeforeKill);
        await using (ChildProcess again = Start(folder, port))
        {
            using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await UntilTakenAsync(client, again);
            again.Kill();
            await again.WaitAsync(Stop);
        }

        Assert.Empty(acknowledged.Except(Stored(folder)));
    }

    private static ChildProcess Start(TempFolder folder, int port) => ChildProcess.Start(
        Environment.ProcessPath!, [], folder.Path, new Dictionary<string, string?>
        {
            [Program.AsConsole] = "yes",
            ["Console__DataFolder"] = folder["data"],
            ["Console__Port"] = "0",
            ["Console__Telemetry__GrpcPort"] = "0",
            ["Console__Telemetry__HttpPort"] = $"{port}",
        });

    private static Task UntilTakenAsync(HttpClient client, ChildProcess console) => Eventually.TrueAsync(
        "the console takes telemetry",
        async () =>
        {
            Assert.False(console.HasExited, console.Output);
            try
            {
                return await SendAsync(client, 1_000_000);
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        Stop);

    /// <summary>Each exporter goes on until the connection breaks; the one that brings enough kills.</summary>
    private static async Task<List<int>> SendUntilKilledAsync(HttpClient client, ChildProcess console)
    {
        List<int> acknowledged = [];
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, Exporters).Select(_ => Task.Run(
            async () =>
            {
                try
                {
                    while (true)
                    {
                        int trace = Interlocked.Increment(ref next);
                        if (!await SendAsync(client, trace)) continue;
                        lock (acknowledged)
                        {
                            acknowledged.Add(trace);
                            if (acknowledged.Count == AcknowledgedBeforeKill) console.Kill();
                        }
                    }
                }
                catch (HttpRequestException)
                {
                    // The console is dead.
                }
            },
            Stop)));
        await console.WaitAsync(Stop);
        return acknowledged;
    }

    private static async Task<bool> SendAsync(HttpClient client, int trace)
    {
        using ByteArrayContent content = new(Otlp.Spans("shop", Otlp.Span(trace, 1), Otlp.Span(trace, 2, parent: 1)).ToByteArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using HttpResponseMessage answer = await client.PostAsync(new Uri("/v1/traces", UriKind.Relative), content, Stop);
        return answer.IsSuccessStatusCode;
    }

    private static HashSet<int> Stored(TempFolder folder)
    {
        string path = Path.Combine(folder["data"], "telemetry.db");
        using SqliteConnection file = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        file.Open();
        using SqliteCommand command = file.CreateCommand();
        command.CommandText = """
            SELECT t.trace_id FROM traces t WHERE t.spans = 2 AND (SELECT count(*) FROM spans s WHERE s.trace = t.id) = 2
            """;
        using SqliteDataReader row = command.ExecuteReader();
        HashSet<int> stored = [];
        while (row.Read()) stored.Add(Convert.ToInt32(Convert.ToHexString(row.GetFieldValue<byte[]>(0)), 16));
        return stored;
    }
}
