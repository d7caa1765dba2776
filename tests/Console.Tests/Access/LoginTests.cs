using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.Access;
using Quintet.Console.Records;
using Quintet.Console.Tests.Systems;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Access;

public sealed class LoginTests
{
    private static readonly Uri Overview = new("/", UriKind.Relative);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_leads_to_the_login_and_back()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = console.Browser();

        HttpResponseMessage refused = await browser.GetAsync(new Uri("/services", UriKind.Relative), Cancellation);
        string link = $"{console.Link().AbsoluteUri}&to=%2Fservices";
        string entered = await browser.GetStringAsync(new Uri(link), Cancellation);
        HttpResponseMessage page = await browser.GetAsync(new Uri("/services", UriKind.Relative), Cancellation);

        Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
        Assert.Equal("/login?to=%2Fservices", refused.Headers.Location!.PathAndQuery);
        Assert.Contains("content=\"0;url=/services\"", entered, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task A_link_works_once()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        Uri link = console.Link();
        using HttpClient first = console.Browser();
        using HttpClient second = console.Browser();

        HttpResponseMessage entered = await first.GetAsync(link, Cancellation);
        HttpResponseMessage refused = await second.GetAsync(link, Cancellation);

        Assert.Equal(HttpStatusCode.OK, entered.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("used already", await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await second.GetAsync(Overview, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task A_used_link_stays_used_and_a_session_stays_good_over_a_restart()
    {
        using TempFolder folder = new();
        CookieContainer cookies = new();
        Uri link;
        await using (RunningConsole before = await RunningConsole.StartAsync(folder))
        {
            link = before.Link();
            using HttpClient browser = before.Browser(cookies);
            (await browser.GetAsync(link, Cancellation)).EnsureSuccessStatusCode();
        }

        await using RunningConsole after = await RunningConsole.StartAsync(folder);
        using HttpClient same = after.Browser(cookies); // cookies know no ports
        using HttpClient other = after.Browser();

        Assert.Equal(HttpStatusCode.OK, (await same.GetAsync(Overview, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.GetAsync(new Uri(link.PathAndQuery, UriKind.Relative), Cancellation)).StatusCode);
        if (!OperatingSystem.IsWindows())
        {
            string keys = Path.Combine(folder["data"], "keys");
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(keys));
            foreach (string file in Directory.GetFiles(keys)) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Theory]
    [InlineData("old", "too old")]
    [InlineData("foreign", "not a link of this console")]
    [InlineData("broken", "not a link of this console")]
    public async Task A_link_that_is_not_good_is_refused_with_its_reason(string kind, string reason)
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = console.Browser();
        Uri link = kind switch
        {
            "old" => console.Link(age: TimeSpan.FromHours(2)),
            "foreign" => console.Link(key: "another key"),
            _ => new Uri(console.Link().AbsoluteUri.Replace("Operator", "Viewer", StringComparison.Ordinal)),
        };

        HttpResponseMessage refused = await browser.GetAsync(link, Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains(reason, await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal("refused", console.Services.GetRequiredService<AuditLog>().Newest(1).Single().Outcome);
    }

    [Theory]
    [InlineData("//evil.example/")]
    [InlineData("https://evil.example/")]
    [InlineData("/\\evil.example/")]
    public async Task A_login_leads_to_no_other_host(string to)
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = console.Browser();

        string page = await browser.GetStringAsync(new Uri($"{console.Link().AbsoluteUri}&to={Uri.EscapeDataString(to)}"), Cancellation);

        Assert.Contains("content=\"0;url=/\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pasted_link_logs_in_and_a_logout_ends_it()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        CookieContainer cookies = new();
        using HttpClient browser = console.Browser(cookies);
        using FormUrlEncodedContent form = new([KeyValuePair.Create("code", console.Link().AbsoluteUri)]);

        (await browser.PostAsync(new Uri("/login", UriKind.Relative), form, Cancellation)).EnsureSuccessStatusCode();
        Cookie session = cookies.GetAllCookies().Single(c => c.Name.StartsWith("quintet-console-", StringComparison.Ordinal));
        HttpResponseMessage inside = await browser.GetAsync(Overview, Cancellation);
        await browser.PostAsync(new Uri("/logout", UriKind.Relative), null, Cancellation);
        HttpResponseMessage outside = await browser.GetAsync(Overview, Cancellation);

        Assert.True(session.HttpOnly);
        Assert.Equal(HttpStatusCode.OK, inside.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, outside.StatusCode);
    }

    [Fact]
    public async Task The_session_cookie_is_for_this_site_alone()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = new(new SocketsHttpHandler { UseCookies = false });

        HttpResponseMessage entered = await browser.GetAsync(console.Link(), Cancellation);

        string cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"));
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Who_guesses_has_to_wait()
    {
        await using RunningConsole console = await RunningConsole.StartAsync(
            null, ("Console:Access:FailuresMax", "3"), ("Console:Access:FailureWindow", "01:00:00"));
        using HttpClient browser = console.Browser();

        for (int guess = 0; guess < 3; guess++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync(new Uri("/login?code=guess", UriKind.Relative), Cancellation)).StatusCode);
        HttpResponseMessage waiting = await browser.GetAsync(console.Link(), Cancellation);

        Assert.Equal(HttpStatusCode.TooManyRequests, waiting.StatusCode);
        Assert.Contains("urn:quintet:error:console-logins", await waiting.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.True(waiting.Headers.RetryAfter!.Delta > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_login_stands_in_the_audit_log()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient browser = await console.LoggedInAsync(ConsoleRole.Viewer, Cancellation);

        AuditEntry entry = console.Services.GetRequiredService<AuditLog>().Newest(1).Single();

        Assert.Equal(("ann", "Viewer", "login", "done"), (entry.Who, entry.Role, entry.Action, entry.Outcome));
        Assert.Contains("127.0.0.1", entry.From, StringComparison.Ordinal);
    }
}
