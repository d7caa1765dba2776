using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.Access;
using Quintet.Console.Pages;
using Quintet.Console.Records;
using Quintet.Console.Tests.Systems;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Access;

public sealed class SessionTests
{
    private static readonly Uri Overview = new("/", UriKind.Relative);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_ended_session_is_worth_nothing_at_the_next_request_and_after_a_restart()
    {
        using TempFolder folder = new();
        CookieContainer cookies = new();
        await using (RunningConsole console = await RunningConsole.StartAsync(folder))
        {
            using HttpClient ended = await console.LoggedInAsync(ConsoleRole.Operator, Cancellation, cookies);
            using HttpClient other = await console.LoggedInAsync(ConsoleRole.Viewer, Cancellation);
            using HttpClient robot = Robot(console, RunningConsole.OperatorToken);
            JsonArray sessions = await ListAsync(robot);
            string id = (string)sessions.Single(s => (string?)s!["role"] == "Operator")!["id"]!;
            Cookie ticket = Ticket(cookies);

            HttpResponseMessage done = await robot.DeleteAsync(new Uri($"/api/v1/sessions/{id}", UriKind.Relative), Cancellation);

            Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
            Assert.Equal(2, sessions.Count);
            Assert.Equal(HttpStatusCode.Redirect, (await ended.GetAsync(Overview, Cancellation)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await other.GetAsync(Overview, Cancellation)).StatusCode);
            AuditEntry entry = console.Services.GetRequiredService<AuditLog>().Newest(1).Single();
            Assert.Equal(("robot", "end session", id, "of ann", "done"), (entry.Who, entry.Action, entry.Target, entry.Detail, entry.Outcome));
            cookies.Add(console.Address, new Cookie(ticket.Name, ticket.Value)); // a copy that somebody kept
        }

        await using RunningConsole after = await RunningConsole.StartAsync(folder);
        using HttpClient kept = after.Browser(cookies);
        using HttpClient asks = Robot(after, RunningConsole.OperatorToken);
        Assert.Equal(HttpStatusCode.Redirect, (await kept.GetAsync(Overview, Cancellation)).StatusCode);
        Assert.Equal("Viewer", (string?)Assert.Single(await ListAsync(asks))!["role"]);
    }

    [Fact]
    public async Task A_page_that_is_open_belongs_to_nobody_once_its_session_is_ended()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        OpenSessions sessions = console.Services.GetRequiredService<OpenSessions>();
        Actor ann = sessions.Begin(new Actor("ann", ConsoleRole.Operator, "127.0.0.1", DateTimeOffset.MaxValue));
        Actor bob = sessions.Begin(new Actor("bob", ConsoleRole.Operator, "127.0.0.1", DateTimeOffset.MaxValue));
        using SessionState page = PageOf(sessions, ann), others = PageOf(sessions, bob);
        TaskCompletionSource<AuthenticationState> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        page.AuthenticationStateChanged += async state => told.TrySetResult(await state);

        sessions.End(ann.Session);

        Assert.False((await told.Task.WaitAsync(Cancellation)).User.Identity!.IsAuthenticated);
        Assert.Equal("bob", Actor.Of((await others.GetAuthenticationStateAsync()).User).Name);
    }

    [Fact]
    public async Task A_session_names_itself_without_its_secret_and_a_logout_takes_it_off_the_list()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        CookieContainer cookies = new();
        using HttpClient browser = await console.LoggedInAsync(ConsoleRole.Operator, Cancellation, cookies);
        using HttpClient robot = Robot(console, RunningConsole.OperatorToken);
        JsonNode session = Assert.Single(await ListAsync(robot))!;
        Cookie ticket = Ticket(cookies);

        using HttpClient thief = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = console.Address };
        thief.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        thief.DefaultRequestHeaders.Add("Cookie", $"{ticket.Name}={(string)session["id"]!}");
        HttpResponseMessage refused = await thief.GetAsync(Overview, Cancellation);
        await browser.PostAsync(new Uri("/logout", UriKind.Relative), null, Cancellation);

        Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
        Assert.DoesNotContain(ticket.Value, session.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty(await ListAsync(robot));
    }

    [Fact]
    public async Task Sessions_are_for_operators_and_one_that_is_not_there_is_told_so()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        using HttpClient watcher = Robot(console, RunningConsole.ViewerToken);
        using HttpClient robot = Robot(console, RunningConsole.OperatorToken);

        HttpResponseMessage hidden = await watcher.GetAsync(new Uri("/api/v1/sessions", UriKind.Relative), Cancellation);
        HttpResponseMessage forbidden = await watcher.DeleteAsync(new Uri("/api/v1/sessions/none", UriKind.Relative), Cancellation);
        HttpResponseMessage missing = await robot.DeleteAsync(new Uri("/api/v1/sessions/none", UriKind.Relative), Cancellation);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (hidden.StatusCode, forbidden.StatusCode));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Contains("urn:quintet:error:console-session", await missing.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private static SessionState PageOf(OpenSessions sessions, Actor actor)
    {
        SessionState page = new(sessions);
        page.SetAuthenticationState(Task.FromResult(new AuthenticationState(new ClaimsPrincipal(actor.ToPrincipal("link")))));
        return page;
    }

    private static Cookie Ticket(CookieContainer cookies) =>
        cookies.GetAllCookies().Single(c => c.Name.StartsWith("quintet-console-", StringComparison.Ordinal));

    private static HttpClient Robot(RunningConsole console, string token)
    {
        HttpClient robot = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = console.Address };
        robot.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return robot;
    }

    private static async Task<JsonArray> ListAsync(HttpClient robot) =>
        JsonNode.Parse(await robot.GetStringAsync(new Uri("/api/v1/sessions", UriKind.Relative), Cancellation))!.AsArray();
}
