using System.Net;
using System.Text.Json.Nodes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Operating;

/// <summary>Who is logged in to the console, seen and ended from the command line.</summary>
public sealed class ConsoleSessionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_is_listed_and_ended_by_the_command()
    {
        await using QuintetSystem system = await QuintetSystem.StartAsync(Cancellation, console: true);
        Uri link = new((await system.MustRunAsync(["console", "link", "--role", "viewer", "--name", "bob"], Cancellation)).Trim());
        using HttpClient browser = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() });
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        Uri overview = new(link, "/");
        (await browser.GetAsync(link, Cancellation)).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(overview, Cancellation)).StatusCode);

        JsonNode session = Assert.Single(
            JsonNode.Parse(await system.MustRunAsync(["console", "sessions", "--output", "json"], Cancellation))!.AsArray())!;
        await system.MustRunAsync(["console", "sessions", "end", (string)session["id"]!], Cancellation);
        (int again, _, string words) = await system.RunAsync(["console", "sessions", "end", (string)session["id"]!], Cancellation);

        Assert.Equal(("bob", "viewer"), ((string?)session["who"], (string?)session["role"]));
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync(overview, Cancellation)).StatusCode);
        Assert.Equal(3, again);
        Assert.Contains("'quintet console sessions' lists them", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_there_is_not_is_refused_with_those_that_there_are()
    {
        (int exitCode, _, string errors) = await QuintetCommand.RunAsync(["console", "link", "--role", "boss"], Cancellation);

        Assert.Equal(2, exitCode);
        Assert.Contains("viewer", errors, StringComparison.Ordinal);
        Assert.Contains("operator", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("ConsoleRole", errors, StringComparison.Ordinal);
    }
}
