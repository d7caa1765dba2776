using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using Quintet.Console.Access;
using Quintet.Console.Tests.Systems;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Access;

public sealed class RequestTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("POST", "/_blazor/negotiate?negotiateVersion=1")]
    [InlineData("GET", "/_blazor")]
    [InlineData("GET", "/api/v1/summary")]
    [InlineData("GET", "/api/v1/audit")]
    [InlineData("GET", "/no/such/page")]
    public async Task Nothing_is_told_without_a_session(string method, string path)
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = console.Address };
        using HttpRequestMessage request = new(new HttpMethod(method), path);

        HttpResponseMessage refused = await client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("urn:quintet:error:console-login-needed", (string?)JsonNode.Parse(await refused.Content.ReadAsStringAsync(Cancellation))!["type"]);
    }

    [Fact]
    public async Task A_websocket_needs_a_session_and_the_console_as_its_origin()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        CookieContainer cookies = new();
        using HttpClient browser = await console.LoggedInAsync(ConsoleRole.Viewer, Cancellation, cookies);
        string own = console.Address.GetLeftPart(UriPartial.Authority);

        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync(console, new CookieContainer(), own));
        Assert.Equal(HttpStatusCode.Forbidden, await ConnectAsync(console, cookies, "https://evil.example"));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, await ConnectAsync(console, cookies, own));
    }

    [Fact]
    public async Task Another_site_cannot_send_a_form()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = await console.LoggedInAsync(ConsoleRole.Operator, Cancellation);
        using HttpRequestMessage logout = new(HttpMethod.Post, "/logout") { Headers = { { "Origin", "https://evil.example" } } };

        HttpResponseMessage refused = await browser.SendAsync(logout, Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("urn:quintet:error:console-origin", await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(new Uri("/", UriKind.Relative), Cancellation)).StatusCode);
    }

    [Fact]
    public async Task A_foreign_name_for_this_machine_is_refused()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = console.Browser();
        using HttpRequestMessage request = new(HttpMethod.Get, "/login") { Headers = { Host = "rebound.example" } };
        using HttpRequestMessage probe = new(HttpMethod.Get, "/health/live") { Headers = { Host = "rebound.example" } };

        HttpResponseMessage refused = await browser.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, refused.StatusCode);
        Assert.Contains("urn:quintet:error:console-host", await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.SendAsync(probe, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Answers_tell_the_browser_to_be_strict()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = await console.LoggedInAsync(ConsoleRole.Viewer, Cancellation);

        HttpResponseMessage page = await browser.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
        string policy = page.Headers.GetValues("Content-Security-Policy").Single();

        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(page.Headers.CacheControl!.NoStore);
        Assert.DoesNotContain(" style=", await page.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_page_needs_is_small_and_kept_by_the_browser()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = await console.LoggedInAsync(ConsoleRole.Viewer, Cancellation);
        browser.DefaultRequestHeaders.AcceptEncoding.ParseAdd("br");
        string page = await browser.GetStringAsync(new Uri("/", UriKind.Relative), Cancellation);

        int octets = page.Length;
        string[] assets = [.. System.Text.RegularExpressions.Regex.Matches(page, "\"(/assets/[^\"]+)\"").Select(match => match.Groups[1].Value).Distinct()];
        foreach (string asset in assets)
        {
            HttpResponseMessage answer = await browser.GetAsync(new Uri(asset, UriKind.Relative), Cancellation);
            Assert.Equal("public, max-age=31536000, immutable", answer.Headers.CacheControl!.ToString());
            octets += (await answer.Content.ReadAsByteArrayAsync(Cancellation)).Length;
        }

        Assert.Equal(5, assets.Length);
        Assert.InRange(octets, 10_000, 300 * 1024);
    }

    [Fact]
    public async Task The_api_takes_a_token_and_no_cookie()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = await console.LoggedInAsync(ConsoleRole.Operator, Cancellation);
        Uri audit = new("/api/v1/audit", UriKind.Relative);

        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync(audit, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(console, audit, "wrong"));
        Assert.Contains("urn:quintet:error:console-forbidden\"", await AnswerAsync(console, audit, RunningConsole.ViewerToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(console, audit, RunningConsole.OperatorToken));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(console, new Uri("/api/v1/summary", UriKind.Relative), RunningConsole.ViewerToken));
        string refusal = await AnswerAsync(console, new Uri("/api/v1/audit?count=0", UriKind.Relative), RunningConsole.OperatorToken);
        Assert.Contains("urn:quintet:error:console-request\"", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/audit")]
    [InlineData("/sessions")]
    public async Task What_is_for_operators_says_so_to_a_viewer_on_a_page_that_leads_on(string path)
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient bob = await console.LoggedInAsync(ConsoleRole.Viewer, Cancellation);
        using HttpClient ann = await console.LoggedInAsync(ConsoleRole.Operator, Cancellation);

        HttpResponseMessage refused = await bob.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        string page = await refused.Content.ReadAsStringAsync(Cancellation);
        HttpResponseMessage seen = await ann.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK), (refused.StatusCode, seen.StatusCode));
        Assert.Contains("You are logged in as a viewer", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/traces\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/audit\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<table", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/audit\"", await seen.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_login_a_console_on_loopback_may_be_looked_at_when_told_so()
    {
        await using RunningConsole console = await RunningConsole.StartAsync(null, ("Console:Access:Anonymous", "Viewer"));
        using HttpClient browser = console.Browser();

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(new Uri("/", UriKind.Relative), Cancellation)).StatusCode);
    }

    [Theory]
    [InlineData("Console:Access:Anonymous", "Viewer", "Console:Access:Anonymous")]
    [InlineData("Console:Access:Hosts", null, "Console:Access:Hosts")]
    public async Task What_would_open_the_console_to_others_is_refused(string key, string? value, string named)
    {
        using TempFolder folder = new();

        OptionsValidationException fault = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using WebApplication app = ConsoleBox.Build(BoxSettings.From(
                ("Console:Bind", "any"), ("Console:Port", "0"), ("Console:DataFolder", folder["data"]), (key, value)));
            await app.StartAsync(Cancellation);
        });

        Assert.Contains(fault.Failures, failure => failure.StartsWith(named, StringComparison.Ordinal));
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningConsole console, Uri path, string token) =>
        (await AskAsync(console, path, token)).StatusCode;

    private static async Task<string> AnswerAsync(RunningConsole console, Uri path, string token) =>
        await (await AskAsync(console, path, token)).Content.ReadAsStringAsync(Cancellation);

    private static async Task<HttpResponseMessage> AskAsync(RunningConsole console, Uri path, string token)
    {
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = console.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await client.GetAsync(path, Cancellation);
    }

    private static async Task<HttpStatusCode> ConnectAsync(RunningConsole console, CookieContainer cookies, string origin)
    {
        using ClientWebSocket socket = new();
        socket.Options.Cookies = cookies;
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Origin", origin);
        try
        {
            await socket.ConnectAsync(new UriBuilder(console.Address) { Scheme = "ws", Path = "/_blazor" }.Uri, Cancellation);
        }
        catch (WebSocketException)
        {
            // The status tells why.
        }

        return socket.HttpStatusCode;
    }
}
