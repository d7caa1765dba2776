using Quintet.Browser.Systems;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Browser.Pages;

/// <summary>The live graph of the reference system.</summary>
public sealed class MapTests(WatchedSystem watched)
{
    private const string Created = "queue:notifications.users.user-created";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sign_up_is_drawn_from_the_gateway_to_the_mail()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await ann.OpenAsync("/map", Cancellation);
        await watched.System.SignUpAsync("Ann", "ann.map@example.org", Cancellation);
        string[] way = ["outside", "gateway", "service:users", Created, "service:notifications", "mail:mail"];

        foreach ((string from, string to) in way.Zip(way.Skip(1)).Append(("service:users", "database:users")))
            await ann.ShowsAsync($"svg.map a.edge.seen[href='/map?at={Uri.EscapeDataString($"{from}>{to}")}']", Cancellation);
        await ann.ShowsAsync("svg.map a.edge.unseen", Cancellation);

        await ann.OpenAsync($"/map?at={Uri.EscapeDataString($"gateway>service:users")}", Cancellation);
        await ann.SaysAsync("gateway → users", Cancellation);
        await ann.SaysAsync("/users/{**rest}", Cancellation);
        await ann.SaysAsync("users: failed traces", Cancellation);
        Assert.Empty(ann.Complaints());
    }

    [Fact]
    public async Task A_scaled_service_has_its_instances_on_the_map_and_nothing_moves()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await ann.OpenAsync("/map", Cancellation);
        await SaysOfUsersAsync(ann, "users, service, 1 instance");
        // What is only seen, such as the mail of the first sign-up, appears when it is seen.
        await ann.ShowsAsync($"svg.map a.node[href='/map?at={Uri.EscapeDataString("mail:mail")}']", Cancellation);
        IReadOnlyList<string> before = ann.Places("svg.map a.node > rect");

        await watched.System.MustRunAsync(["scale", "users=2"], Cancellation);
        await SaysOfUsersAsync(ann, "users, service, 2 instances");
        Assert.Equal(before, ann.Places("svg.map a.node > rect"));

        await watched.System.MustRunAsync(["scale", "users=1"], Cancellation);
        await SaysOfUsersAsync(ann, "users, service, 1 instance");
    }

    [Fact]
    public async Task A_node_is_reached_and_opened_by_the_keyboard()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await ann.OpenAsync("/map", Cancellation);
        await ann.ShowsAsync("svg.map a.node", Cancellation);

        ann.Focus("svg.map a.node[href='/map?at=service%3Ausers']");
        ann.Press("\n");

        await ann.ShowsAsync(".map-panel", Cancellation);
        await ann.SaysAsync("users: its page", Cancellation);
    }

    private static Task SaysOfUsersAsync(Visitor visitor, string words) => Eventually.TrueAsync(
        words, () => Task.FromResult(visitor.Labels("svg.map a.node").Contains(words)), Cancellation);
}
