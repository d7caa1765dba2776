using System.Net.Http.Json;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Starting;

/// <summary>
/// The two services as anybody's orchestrator starts them: plain programs with plain variables, no supervisor, no gateway, no registry, no
/// configuration server; a broker is all they share. docs/operate/without-quintet.md is this in words.
/// </summary>
public sealed class WithoutQuintetTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Started_by_somebody_else_the_services_do_the_same()
    {
        using TempFolder folder = new();
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        int usersPort = FreePort.Take();
        await using ChildProcess users = Start(folder, broker, "Users", usersPort);
        await using ChildProcess notifications = Start(
            folder, broker, "Notifications", FreePort.Take(), ("services__users__http__0", $"http://127.0.0.1:{usersPort}"));
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{usersPort}") };
        await Eventually.TrueAsync(
            "Users is ready", async () => (await client.GetAsync("/health/ready", Cancellation)).IsSuccessStatusCode, Cancellation, () => users.Output);

        (await client.PostAsJsonAsync("/users", new { name = "Ada", email = "ada@example.org" }, Cancellation)).EnsureSuccessStatusCode();

        await Eventually.TrueAsync(
            "the welcome mail is there",
            () => Task.FromResult(Directory.Exists(folder["mail"]) && Directory.GetFiles(folder["mail"], "*.eml").Length == 1),
            Cancellation,
            () => notifications.Output);
        Assert.Equal("ada@example.org", Mail.Read(Directory.GetFiles(folder["mail"], "*.eml")[0]).Address);
    }

    private static ChildProcess Start(TempFolder folder, BoxProcess broker, string service, int port, params (string Name, string Value)[] more)
    {
        Dictionary<string, string?> variables = new()
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
            ["QUINTET_DATA"] = folder[service],
            ["AMQP_URL"] = $"amqp://guest:guest@127.0.0.1:{broker.Port}/%2F",
            ["MAIL_DIRECTORY"] = folder["mail"],
        };
        foreach ((string name, string value) in more) variables[name] = value;
        return ChildProcess.Start(Repository.At($"artifacts/bin/{service}/debug/Quintet.{service}"), [], folder.Path, variables);
    }
}
