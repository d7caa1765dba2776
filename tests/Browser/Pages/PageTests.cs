using Quintet.Browser.Systems;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Browser.Pages;

public sealed class PageTests(WatchedSystem watched)
{
    private static readonly (string Path, string Says)[] Pages =
    [
        ("/", "processes well"), ("/map", "Connections"), ("/map?at=service:users", "users-1"),
        ("/services", "notifications-1"), ("/services/users", "/users/{**rest}"),
        ("/stories", "POST /users"), ("/stories?key=users/1", "mail to a••@example.org"), ("/traces", "POST"), ("/logs", "The newest"),
        ("/messages", "notifications.users.user-created"), ("/messages/notifications.users.user-created", "Nothing waits here"),
        ("/config/notifications", "Welcome.Subject"), ("/routes", "/notifications"), ("/audit", "login"),
        ("/sessions", "you"), ("/registry", "passing"), ("/keys", "There is no key here"), ("/search?q=users", "users-1"),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_page_shows_the_system_and_nobody_is_kept_out_by_it()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        List<string> barriers = [];

        foreach ((string path, string says) in Pages)
        {
            await ann.OpenAsync(path, Cancellation);
            await ann.SaysAsync(says, Cancellation);
            foreach (string theme in (string[])["light", "dark"])
            {
                ann.ChooseTheme(theme);
                barriers.AddRange(ann.Barriers().Select(barrier => $"{path}, {theme}: {barrier}"));
            }
        }

        Assert.True(barriers.Count == 0, string.Join('\n', barriers.Distinct()));
        Assert.Empty(ann.Complaints());
    }

    [Fact]
    public async Task On_a_phone_no_page_is_wider_than_the_screen()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        ann.Resize(500, 900); // a headless window is no narrower
        foreach ((string path, string says) in Pages)
        {
            await ann.OpenAsync(path, Cancellation);
            await ann.SaysAsync(says, Cancellation);
            Assert.True(ann.WidthOverflow() <= 0, $"{path} is {ann.WidthOverflow()} px too wide");
        }
    }

    [Fact]
    public async Task A_slash_leads_to_the_search_and_a_name_to_its_page()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await ann.OpenAsync("/services", Cancellation);
        await ann.SaysAsync("users-1", Cancellation);

        await Eventually.TrueAsync(
            "the search has the focus",
            () =>
            {
                ann.Press("/");
                return Task.FromResult(ann.FocusedId == "search");
            },
            Cancellation);
        ann.Press("notifications-1\n");

        await Eventually.TrueAsync("the service's page", () => Task.FromResult(ann.Path == "/services/notifications"), Cancellation);
    }

    [Fact]
    public async Task An_address_in_the_search_leads_to_its_story()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await ann.OpenAsync("/search?q=ann@example.org", Cancellation);

        await ann.SaysAsync("POST /users", Cancellation);
        await ann.SaysAsync("mail to a••@example.org", Cancellation);
        await ann.SaysAsync("inbox marked, acknowledged", Cancellation);
    }

    [Fact]
    public async Task A_viewer_is_offered_nothing_that_changes_something()
    {
        await using Visitor bob = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await bob.OpenAsync("/services/users", Cancellation);
        await bob.SaysAsync("users-1", Cancellation);

        Assert.False(bob.Has("Scale"));
        Assert.False(bob.Has("Restart…"));
        Assert.Equal(0, bob.Count("nav a[href='/audit']"));
        await bob.OpenAsync("/audit", Cancellation);
        await bob.SaysAsync("You are logged in as a viewer", Cancellation);
        Assert.Empty(bob.Barriers());
        // The browser itself notes the status of the page.
        Assert.All(bob.Complaints(), complaint => Assert.Contains("403", complaint, StringComparison.Ordinal));
    }

    /// <summary>The pictures of docs/console.md, made anew: run with <c>-explicit only</c>.</summary>
    [Fact(Explicit = true)]
    public async Task Photograph_every_page()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        for (int number = 1; number <= 30; number++) await watched.System.SignUpAsync($"Ann {number}", $"ann.{number}@example.org", Cancellation);
        await ann.OpenAsync("/map", Cancellation);
        await ann.ShowsAsync($"svg.map a.edge.seen[href='/map?at={Uri.EscapeDataString("service:notifications>mail:mail")}']", Cancellation);
        await ann.ShowsAsync($"svg.map a.edge.seen[href='/map?at={Uri.EscapeDataString("gateway>service:users")}']", Cancellation);
        int user;
        using (BrokenMail broken = new(watched.System.MailDirectory))
        {
            user = (await watched.System.SignUpAsync("Ann", "ann.again@example.org", Cancellation))!.Value;
            await ann.OpenAsync($"/stories?key=users/{user}", Cancellation);
            await ann.SaysAsync("failed after", Cancellation);
        }

        await watched.System.MailToAsync("ann.again@example.org", Cancellation);
        await ann.OpenAsync($"/stories?key=users/{user}", Cancellation);
        await ann.ClickAsync("beside a normal one", "table.story-pair", Cancellation);
        string pair = ann.Path;
        foreach (string theme in (string[])["light", "dark"])
        {
            foreach ((string path, string says) in Pages.Append((pair, "only here")))
            {
                await ann.OpenAsync(path, Cancellation);
                await ann.SaysAsync(says, Cancellation);
                ann.ChooseTheme(theme);
                string name = path.Trim('/').Split('?', '/')[0] is { Length: > 0 } first ? first : "overview";
                if (path == pair) name += "-pair";
                else if (path.Count(c => c == '/') > 1) name += "-one";
                ann.Photograph(Repository.At("docs", "images", $"console-{name}-{theme}.png"));
            }
        }
    }
}
