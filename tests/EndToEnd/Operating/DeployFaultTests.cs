using System.Net;
using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Operating;

/// <summary>
/// Deploys of a service that is a Python program, in a system of its own: what the manifest says now comes into force, and what does not
/// work leaves everything as it was.
/// </summary>
public sealed class DeployFaultTests : IAsyncLifetime
{
    /// <summary>Answers with a word of its environment; without it, it says why and ends.</summary>
    private const string Program =
        """
        import http.server, os, sys
        if "WORD" not in os.environ: sys.exit("there is no WORD to say")
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = (os.environ["WORD"] + " from " + self.path).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
        """;

    private readonly TempFolder _folder = new();
    private QuintetSystem _system = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Manifest => _folder["quintet.yaml"];

    public async ValueTask InitializeAsync()
    {
        Need.DebianFile(Need.Python, "python3");
        await File.WriteAllTextAsync(_folder["say.py"], Program, Cancellation);
        await DescribeAsync("say", "[\"/say/{**rest}\"]", "{ WORD: hello }");
        _system = await QuintetSystem.StartAsync(Cancellation, Manifest);
    }

    public async ValueTask DisposeAsync()
    {
        if (_system is not null) await _system.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_never_comes_up_is_rolled_back_and_the_old_instance_serves_on()
    {
        await AnswersAsync("/say/it", "hello from /say/it");
        PartProcess before = Assert.Single(await _system.ProcessesOfAsync("say", Cancellation));
        await DescribeAsync("say", "[\"/say/{**rest}\"]", "{}");

        (int exitCode, _, string errors) = await _system.RunAsync(["deploy", "say"], Cancellation);

        Assert.Equal(7, exitCode);
        Assert.Contains("the deploy of say was rolled back: say-2 did not become ready", errors, StringComparison.Ordinal);
        Assert.Contains("there is no WORD to say", errors, StringComparison.Ordinal);
        PartProcess after = Assert.Single(await _system.ProcessesOfAsync("say", Cancellation));
        Assert.Equal((before.Instance, before.Pid, "ready"), (after.Instance, after.Pid, after.State));
        Assert.Equal("hello from /say/it", await _system.Gateway.GetStringAsync("/say/it", Cancellation));
    }

    [Fact]
    public async Task A_deploy_applies_what_the_manifest_says_now()
    {
        await AnswersAsync("/say/it", "hello from /say/it");
        await DescribeAsync("say", "[\"/tell/{**rest}\"]", "{ WORD: goodbye }", "replicas: 2\n    publishes: [say.word-said]", "ports: { gateway: 9 }");

        string done = await _system.MustRunAsync(["deploy", "say"], Cancellation);

        Assert.Contains("say is deployed: say-2, say-3", done, StringComparison.Ordinal);
        Assert.Contains("only 'quintet down' and 'quintet up' apply it: ports.gateway", done, StringComparison.Ordinal);
        await AnswersAsync("/tell/it", "goodbye from /tell/it");
        // The gateway gathers changes for a moment before it applies them.
        await Eventually.TrueAsync(
            "the former route is gone",
            async () => (await _system.Gateway.GetAsync("/say/it", Cancellation)).StatusCode == HttpStatusCode.NotFound,
            Cancellation);
        Assert.Equal("^(say\\.word-said)$", await WriteRightAsync("say"));
    }

    [Fact]
    public async Task A_service_that_is_new_in_the_manifest_is_started_and_the_boxes_know_it()
    {
        await File.AppendAllTextAsync(
            Manifest,
            """

              shout:
                command: ["/usr/bin/python3", "say.py"]
                routes: ["/shout/{**rest}"]
                health: /
                publishes: [shout.heard]
                environment: { WORD: HELLO }
            """,
            Cancellation);

        await _system.MustRunAsync(["deploy", "shout"], Cancellation);

        await AnswersAsync("/shout/it", "HELLO from /shout/it");
        Assert.Equal("^(shout\\.heard)$", await WriteRightAsync("shout"));
        JsonNode secrets = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_system.State, "secrets.json"), Cancellation))!;
        await AcceptsAsync(_system.Registry.BaseAddress!, "v1/agent/self", (string)secrets["registry/shout"]!);
        await AcceptsAsync(_system.Configuration.BaseAddress!, "shout/default", (string)secrets["config/shout"]!);
    }

    [Fact]
    public async Task A_faulty_manifest_or_an_unknown_service_changes_nothing()
    {
        string settings = await File.ReadAllTextAsync(Path.Combine(_system.State, "settings", "broker.json"), Cancellation);
        (int unknown, _, string noSuch) = await _system.RunAsync(["deploy", "says"], Cancellation);
        await DescribeAsync("say", "[\"/say/{**rest}\"]", "{ WORD: goodbye }", "replicas: many\n    comand: x");

        (int faulty, _, string faults) = await _system.RunAsync(["deploy", "say"], Cancellation);

        Assert.Equal(3, unknown);
        Assert.Contains("did you mean 'say'?", noSuch, StringComparison.Ordinal);
        Assert.Equal(2, faulty);
        Assert.Contains("nothing was changed", faults, StringComparison.Ordinal);
        Assert.Contains("quintet.yaml:8: services.say.replicas", faults, StringComparison.Ordinal);
        Assert.Contains("quintet.yaml:9: services.say.comand: unknown key", faults, StringComparison.Ordinal);
        await AnswersAsync("/say/it", "hello from /say/it");
        Assert.Equal(settings, await File.ReadAllTextAsync(Path.Combine(_system.State, "settings", "broker.json"), Cancellation));
    }

    [Fact]
    public async Task A_restart_of_the_only_instance_fails_no_request()
    {
        await AnswersAsync("/say/it", "hello from /say/it");
        using var restarted = new CancellationTokenSource();
        Task<int> load = LoadAsync(restarted.Token);

        await _system.MustRunAsync(["restart", "say"], Cancellation);
        await restarted.CancelAsync();

        Assert.True(await load > 0);
        Assert.Equal("say-2", Assert.Single(await _system.ProcessesOfAsync("say", Cancellation)).Instance);
    }

    private async Task<int> LoadAsync(CancellationToken restarted)
    {
        int served = 0;
        for (; !restarted.IsCancellationRequested; served++)
            Assert.Equal("hello from /say/it", await _system.Gateway.GetStringAsync("/say/it", Cancellation));
        return served;
    }

    private Task DescribeAsync(string service, string routes, string environment, string more = "replicas: 1", string root = "") => File.WriteAllTextAsync(
        Manifest,
        $$"""
        {{root}}
        services:
          {{service}}:
            command: ["/usr/bin/python3", "say.py"]
            routes: {{routes}}
            health: /
            environment: {{environment}}
            {{more}}
        """,
        Cancellation);

    private Task AnswersAsync(string path, string answer) => Eventually.TrueAsync(
        $"{path} answers", async () => await _system.Gateway.GetStringAsync(path, Cancellation) == answer, Cancellation);

    /// <summary>What the broker is told that a service may publish.</summary>
    private async Task<string?> WriteRightAsync(string service)
    {
        JsonNode settings = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_system.State, "settings", "broker.json"), Cancellation))!;
        JsonNode user = settings["Broker"]!["Users"]!.AsArray().Single(u => (string?)u!["Name"] == service)!;
        return (string?)user["TopicPermissions"]![0]!["Write"];
    }

    private static async Task AcceptsAsync(Uri box, string path, string token)
    {
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = box };
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        HttpResponseMessage answer = await client.GetAsync(path, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, $"{box}{path}: {answer.StatusCode}");
    }
}
