using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Systems;

/// <summary>One process as <c>quintet status --output json</c> tells it.</summary>
public sealed record PartProcess(string Part, string Instance, int Pid, string State, string? Endpoint, int Restarts, double MemoryMb);

/// <summary>
/// A whole system of real processes, started by <c>quintet up --isolated --detach</c> in a folder of its own and driven from outside, as a
/// customer would.
/// </summary>
public sealed class QuintetSystem : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly string manifest;

    private QuintetSystem(string manifest) => this.manifest = manifest;

    /// <summary>What <c>quintet env</c> gives.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; private set; } = new Dictionary<string, string>();

    public string State => folder["state"];

    /// <summary>Whether the console is started with it; most tests have no use for it.</summary>
    public bool HasConsole { get; private init; }

    public string MailDirectory => Variables["MAIL_DIRECTORY"];

    /// <summary>A client whose base address is the gateway.</summary>
    public HttpClient Gateway { get; private set; } = new(new SocketsHttpHandler());

    /// <summary>A client of the registry with the operator's token.</summary>
    public HttpClient Registry { get; private set; } = new(new SocketsHttpHandler());

    /// <summary>A client of the configuration server with the operator's token.</summary>
    public HttpClient Configuration { get; private set; } = new(new SocketsHttpHandler());

    /// <param name="cancellation">Gives up.</param>
    /// <param name="manifest">Default: that of the reference system.</param>
    /// <param name="environment">Variables of the commands' environment.</param>
    /// <param name="first">A command to be run on its state before the start.</param>
    /// <param name="console">Whether the console is started with it.</param>
    public static async Task<QuintetSystem> StartAsync(
        CancellationToken cancellation, string? manifest = null, IReadOnlyDictionary<string, string?>? environment = null, string[]? first = null,
        bool console = false)
    {
        var system = new QuintetSystem(manifest ?? Repository.At("quintet.yaml")) { HasConsole = console };
        try
        {
            if (first is not null) await system.MustRunAsync(first, cancellation, environment);
            await system.UpAsync(cancellation, environment);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, for the first time or again.</summary>
    public async Task UpAsync(CancellationToken cancellation, IReadOnlyDictionary<string, string?>? environment = null)
    {
        string[] without = HasConsole ? [] : ["--no-console"];
        await MustRunAsync(["up", "--isolated", "--detach", "--timeout", "300", .. without], cancellation, environment);
        await ReconnectAsync(cancellation);
    }

    /// <summary>Asks where everything is, after <c>down</c> and <c>up</c>.</summary>
    public async Task ReconnectAsync(CancellationToken cancellation)
    {
        string variables = await MustRunAsync(["env", "--output", "json"], cancellation);
        Variables = JsonSerializer.Deserialize<Dictionary<string, string>>(variables)!;
        Gateway = ClientOf(Variables["GATEWAY_URL"]);
        Registry = ClientOf(Variables["CONSUL_HTTP_ADDR"], Variables["CONSUL_HTTP_TOKEN"]);
        Configuration = ClientOf(Variables["CONFIG_SERVER_URL"], Variables["CONFIG_SERVER_TOKEN"]);
    }

    /// <summary>Runs a command of <c>quintet</c> against this system.</summary>
    public Task<(int ExitCode, string Output, string Errors)> RunAsync(
        IEnumerable<string> arguments, CancellationToken cancellation, IReadOnlyDictionary<string, string?>? environment = null) =>
        QuintetCommand.RunAsync([.. arguments, "--state", State, "--file", manifest], cancellation, environment);

    /// <summary>Runs a command that must end with 0 and gives its standard output.</summary>
    public async Task<string> MustRunAsync(
        IEnumerable<string> arguments, CancellationToken cancellation, IReadOnlyDictionary<string, string?>? environment = null)
    {
        string[] words = [.. arguments];
        (int exitCode, string output, string errors) = await RunAsync(words, cancellation, environment);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"quintet {string.Join(' ', words)} ended with {exitCode}:\n{output}\n{errors}");
    }

    public async Task<(bool Ready, IReadOnlyList<PartProcess> Processes)> StatusAsync(CancellationToken cancellation)
    {
        JsonNode status = JsonNode.Parse(await MustRunAsync(["status", "--output", "json"], cancellation))!;
        return ((bool)status["ready"]!, status["processes"].Deserialize<List<PartProcess>>(JsonSerializerOptions.Web)!);
    }

    /// <summary>The processes of a part, such as <c>users</c>.</summary>
    public async Task<IReadOnlyList<PartProcess>> ProcessesOfAsync(string part, CancellationToken cancellation) =>
        [.. (await StatusAsync(cancellation)).Processes.Where(p => p.Part == part)];

    /// <summary>SIGKILL to the first process of a part; returns when the supervisor has it back.</summary>
    public async Task KillAsync(string part, CancellationToken cancellation)
    {
        PartProcess victim = (await ProcessesOfAsync(part, cancellation))[0];
        Signal.Kill(victim.Pid);
        await Eventually.TrueAsync(
            $"{part} is back",
            async () => (await ProcessesOfAsync(part, cancellation))
                .Any(p => p.Instance == victim.Instance && p.Pid != victim.Pid && p.State == "ready"),
            cancellation);
    }

    /// <summary>Writes a file of the configuration repository: a commit.</summary>
    public async Task ConfigureAsync(string file, string yaml, CancellationToken cancellation)
    {
        string path = $"/_ext/v1/config/files/{file}";
        using HttpResponseMessage present = await Configuration.GetAsync(path, cancellation);
        using HttpRequestMessage change = new(HttpMethod.Put, $"{path}?author=Test&message=Change+for+a+test");
        change.Headers.IfMatch.Add(present.EnsureSuccessStatusCode().Headers.ETag!);
        change.Content = new StringContent(yaml, Encoding.UTF8, "application/yaml");
        (await Configuration.SendAsync(change, cancellation)).EnsureSuccessStatusCode();
    }

    public Task BecomeReadyAsync(CancellationToken cancellation) =>
        Eventually.TrueAsync("the system is ready", async () => (await StatusAsync(cancellation)).Ready, cancellation);

    /// <summary>Creates a user through the gateway and retries like a careful client until the answer is definite.</summary>
    /// <returns>The id of the user, or null when this very attempt had been accepted before and its answer was lost (409).</returns>
    public async Task<int?> SignUpAsync(string name, string email, CancellationToken cancellation)
    {
        HttpResponseMessage answer = await Eventually.GetAsync(
            $"sign-up of {name}",
            async () =>
            {
                HttpResponseMessage response = await Gateway.PostAsJsonAsync("/users", new { name, email }, cancellation);
                return (int)response.StatusCode < 500 ? response : null;
            },
            cancellation);
        if (answer.StatusCode == HttpStatusCode.Conflict) return null;
        answer.EnsureSuccessStatusCode();
        return (int)(await answer.Content.ReadFromJsonAsync<JsonNode>(cancellation))!["id"]!;
    }

    /// <summary>The mails in the pickup folder.</summary>
    public IReadOnlyList<Mail> Mails() =>
        Directory.Exists(MailDirectory) ? [.. Directory.GetFiles(MailDirectory, "*.eml").Select(Mail.Read)] : [];

    public Task<Mail> MailToAsync(string email, CancellationToken cancellation) =>
        Eventually.GetAsync(
            $"a mail to {email}",
            () => Task.FromResult(Mails().FirstOrDefault(m => m.To.Contains(email, StringComparison.Ordinal))),
            cancellation);

    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        Registry.Dispose();
        Configuration.Dispose();
        await RunAsync(["down"], CancellationToken.None);
        folder.Dispose();
    }

    private static HttpClient ClientOf(string url, string? token = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = new Uri(url),
            Timeout = TimeSpan.FromSeconds(60),
        };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}
