using Quintet.Console.Stories;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Tests.Telemetry;
using Quintet.Hosting.Telemetry;
using Hops = Quintet.Console.Telemetry.Queries.Hops;

namespace Quintet.Console.Tests.Stories;

public sealed class StoriesAreTold : IDisposable
{
    private const string Queue = "notifications.users.user-created";
    private int _trace = 5;
    private string _event = "event-1";
    private readonly TestStore _store = new();
    private readonly StoryTeller _teller;

    public StoriesAreTold() => _teller = new StoryTeller(new Hops(_store.Reader), TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_the_mail_the_whole_way_back_to_the_request_is_told()
    {
        SignUp();
        Handle(1, "retried", "users answered 503; again after 1s", at: 0.014);
        Note("notifications", HopStage.Call, "200", 1.04, ("quintet.hop.place", "GET http://users/users/184"), ("quintet.hop.duration_ms", "3"));
        Note("notifications", HopStage.Mail, "accepted", 1.05, Address("ann@example.org"));
        Handle(2, "handled", null, at: 1.06);

        Story story = Assert.Single(await _teller.FindAsync("Ann@Example.org", Stop));

        Assert.Equal(("POST /users", Otlp.Hex(_trace), StoryState.Done), (story.Title, story.TraceId, story.State));
        Assert.Empty(story.Waiting);
        Assert.Equal(
            ["gateway", "users", "users", "notifications", "notifications", "notifications", "notifications"], story.Stops.Select(stop => stop.Part));
        Assert.Equal("POST /users → users-2", story.Stops[0].Text);
        Assert.Equal("201 in 14 ms", story.Stops[0].Result);
        Assert.Equal((StopTone.Warning, $"attempt 1 in {Queue}", "failed: users answered 503; again after 1s"),
            (story.Stops[3].Tone, story.Stops[3].Text, story.Stops[3].Result));
        Assert.Equal("mail to a••@example.org", story.Stops[5].Text);
        Assert.Equal(TimeSpan.FromSeconds(1.06), story.Duration);
    }

    [Theory]
    [InlineData("event-1")]
    [InlineData("users/184")]
    [InlineData("00000000000000000000000000000005")]
    public async Task A_story_is_found_by_whatever_is_in_hand(string key)
    {
        SignUp();
        Handle(1, "handled", null, at: 1);

        Assert.Equal(4, Assert.Single(await _teller.FindAsync(key, Stop)).Stops.Count);
        Assert.Empty(await _teller.FindAsync("nobody@example.org", Stop));
        Assert.Empty(await _teller.FindAsync("event-2", Stop));
    }

    [Fact]
    public async Task An_event_is_published_before_it_is_handled_though_its_confirm_came_later()
    {
        SignUp();
        Note("notifications", HopStage.Call, "200", 0.008, ("quintet.hop.duration_ms", "2"));
        Handle(1, "handled", null, at: 0.0085);

        Story story = Assert.Single(await _teller.FindAsync("event-1", Stop));

        Assert.Equal(["gateway", "users", "users", "notifications", "notifications"], story.Stops.Select(stop => stop.Part));
    }

    [Fact]
    public async Task A_broken_story_says_where_it_stopped_and_who_acts_next()
    {
        SignUp();
        Handle(5, "dead", "users answered 503", at: 700);

        Story story = Assert.Single(await _teller.FindAsync("event-1", Stop));

        Assert.Equal(StoryState.Broken, story.State);
        Assert.Equal($"in {Queue}.dead: it stays until somebody redrives or discards it", Assert.Single(story.Waiting));
    }

    [Fact]
    public async Task A_dead_letter_that_was_redriven_and_handled_is_done()
    {
        SignUp();
        Handle(5, "dead", "users answered 503", at: 700);
        Handle(1, "handled", null, at: 800);

        Assert.Equal(StoryState.Done, Assert.Single(await _teller.FindAsync("event-1", Stop)).State);
    }

    [Fact]
    public async Task Each_consumer_of_an_event_has_its_own_end()
    {
        SignUp();
        Handle(1, "handled", null, at: 1);
        Handle(1, "retried", "no disk; again after 10s", at: 1, queue: "audit.users.user-created");

        Story story = Assert.Single(await _teller.FindAsync("event-1", Stop));

        Assert.Equal((StoryState.Underway, "behind audit.users.user-created: no disk; again after 10s"), (story.State, Assert.Single(story.Waiting)));
    }

    [Fact]
    public async Task What_waits_in_the_outbox_or_in_the_broker_says_so()
    {
        Note("users", HopStage.Outbox, "committed", 0, ("quintet.event.type", "users.user-created"));
        Assert.Equal(
            "in the outbox of users: it is published when the broker takes it",
            Assert.Single(Assert.Single(await _teller.FindAsync("event-1", Stop)).Waiting));

        Note("users", HopStage.Published, "confirmed", 1, ("quintet.event.type", "users.user-created"));
        Assert.Equal(
            "in the queues bound to users.user-created: a consumer is waited for",
            Assert.Single(Assert.Single(await _teller.FindAsync("event-1", Stop)).Waiting));

        Note("notifications", HopStage.Call, "200", 2);
        Assert.StartsWith("in hand at 1:", Assert.Single(Assert.Single(await _teller.FindAsync("event-1", Stop)).Waiting), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_row_and_its_event_are_one_transaction_and_an_attempt_lasts_from_its_delivery_to_its_acknowledgement()
    {
        Note("users", HopStage.Outbox, "committed", 0.004, ("quintet.event.type", "users.user-created"), ("quintet.hop.detail", "1 added to users"));
        Note("users", HopStage.Published, "confirmed", 0.009, ("quintet.event.type", "users.user-created"));
        Broker(HopStage.Queued, "routed", 0.008, Queue, source: "events", detail: "users.user-created");
        Broker(HopStage.Delivered, "delivered", 0.018, Queue, detail: "notifications");
        Note("notifications", HopStage.Mail, "accepted", 0.030, Address("ann@example.org"));
        Note(
            "notifications", HopStage.Handled, "handled", 0.040, ("quintet.hop.place", Queue), ("quintet.hop.attempt", "1"),
            ("quintet.hop.duration_ms", "20"));
        Broker(HopStage.Settled, "acknowledged", 0.041, Queue, detail: "notifications");

        Story story = Assert.Single(await _teller.FindAsync("event-1", Stop));

        Assert.Equal(
            [
                "rows written: 1 added to users | one transaction", "users.user-created about users/184 is in the outbox | the same transaction",
                "published to the broker | confirmed", $"events → {Queue} | waited 10 ms", $"attempt 1 in {Queue} | handled in 20 ms",
                "mail to a••@example.org | accepted by pickup folder", "inbox marked, acknowledged | ",
            ],
            story.Stops.Select(stop => $"{stop.Text} | {stop.Result}"));
        Assert.Equal((true, "broker", StoryState.Done), (story.Stops[1].IsBound, story.Stops[3].Part, story.State));
    }

    [Fact]
    public async Task A_message_between_two_that_tell_nothing_is_followed_by_what_the_broker_saw()
    {
        Broker(HopStage.Queued, "routed", 0, "billing", source: "shop", detail: "shop.sold");
        Assert.Equal(("message to shop", "in billing: a consumer is waited for"), ((await StoryAsync()).Title, Assert.Single((await StoryAsync()).Waiting)));

        Broker(HopStage.Delivered, "delivered", 1, "billing", detail: "billing (pika)");
        Assert.StartsWith("in hand at billing (pika), out of billing", Assert.Single((await StoryAsync()).Waiting), StringComparison.Ordinal);

        Broker(HopStage.Settled, "rejected", 1.5, "billing", detail: "billing (pika)");
        Broker(HopStage.Queued, "rejected", 1.5, "billing.dead", source: "billing");
        Story broken = await StoryAsync();
        Assert.Equal(StoryState.Broken, broken.State);
        Assert.Equal("billing.dead", Assert.Single(broken.Queues));
        Assert.Equal("billing → billing (pika) | rejected after 500 ms", $"{broken.Stops[1].Text} | {broken.Stops[1].Result}");

        Broker(HopStage.Delivered, "delivered", 2, "billing.dead", detail: "ann");
        Broker(HopStage.Settled, "acknowledged", 2, "billing.dead", detail: "ann");
        Assert.Equal(StoryState.Done, (await StoryAsync()).State);
    }

    [Fact]
    public async Task A_message_that_went_nowhere_says_so()
    {
        Broker(HopStage.Queued, "unroutable", 0, null, source: "shop", detail: "shop.sold");

        Assert.Equal(
            "nowhere: no queue was bound to shop for shop.sold, and nobody kept the message", Assert.Single((await StoryAsync()).Waiting));
    }

    [Fact]
    public async Task A_discarded_dead_letter_waits_for_nobody()
    {
        SignUp();
        Broker(HopStage.Queued, "routed", 0.008, Queue, source: "events");
        Handle(5, "dead", "users answered 503", at: 700);
        Broker(HopStage.Settled, "acknowledged", 700, Queue);
        Broker(HopStage.Queued, "routed", 700, $"{Queue}.dead", source: "notifications.dead");
        Assert.Equal(StoryState.Broken, (await StoryAsync()).State);

        Broker(HopStage.Delivered, "delivered", 800, $"{Queue}.dead", detail: "console");
        Broker(HopStage.Settled, "acknowledged", 800, $"{Queue}.dead");

        Assert.Equal(StoryState.Done, (await StoryAsync()).State);
    }

    [Fact]
    public async Task A_broken_story_beside_a_normal_one_shows_what_only_one_of_them_has()
    {
        SignUp();
        Handle(5, "dead", "users answered 503", at: 700);
        Story broken = await StoryAsync();
        Assert.Null(await _teller.NormalAsync(broken, Stop));
        _trace++;
        _event = "event-2";
        SignUp();
        Handle(1, "handled", null, at: 1);

        Story normal = (await _teller.NormalAsync(broken, Stop))!;

        Assert.Equal(Otlp.Hex(_trace), normal.TraceId);
        IReadOnlyList<PairedStops> pairs = PairedStops.Of(broken, normal);
        Assert.Equal(3, pairs.Count(pair => pair.Left is not null && pair.Right is not null));
        Assert.Equal([StopTone.Bad], pairs.Where(pair => pair.Right is null).Select(pair => pair.Left!.Tone));
        Assert.Equal([StopTone.Good], pairs.Where(pair => pair.Left is null).Select(pair => pair.Right!.Tone));
    }

    [Fact]
    public async Task A_request_that_failed_is_a_story_too()
    {
        Note("quintet-gateway", HopStage.Request, "503", 0, ("quintet.hop.place", "POST /users"), ("quintet.event.id", null));

        Story story = Assert.Single(await _teller.FindAsync(Otlp.Hex(_trace), Stop));

        Assert.Equal((StoryState.Broken, StopTone.Bad), (story.State, Assert.Single(story.Stops).Tone));
    }

    public void Dispose() => _store.Dispose();

    private void SignUp()
    {
        Note(
            "quintet-gateway", HopStage.Request, "201", 0.014, ("quintet.hop.place", "POST /users"), ("quintet.hop.detail", "users-2"),
            ("quintet.hop.duration_ms", "14"), ("quintet.event.id", null), ("quintet.subject", null));
        Note("users", HopStage.Outbox, "committed", 0.004, ("quintet.event.type", "users.user-created"));
        Note("users", HopStage.Published, "confirmed", 0.009, ("quintet.event.type", "users.user-created"));
    }

    private async Task<Story> StoryAsync() => Assert.Single(await _teller.FindAsync(_event, Stop));

    private void Broker(string stage, string outcome, double at, string? place, string? source = null, string? detail = null) => Note(
        "quintet-broker", stage, outcome, at, ("quintet.hop.place", place), ("quintet.hop.source", source), ("quintet.hop.detail", detail),
        ("quintet.subject", null));

    private void Handle(int attempt, string outcome, string? detail, double at, string queue = Queue) => Note(
        "notifications", HopStage.Handled, outcome, at, ("quintet.hop.place", queue), ("quintet.hop.attempt", $"{attempt}"), ("quintet.hop.detail", detail));

    private static (string, string?)[] Address(string address) =>
        [("quintet.address", Hop.Mask(address)), ("quintet.address.hash", Hop.HashOf(address)), ("quintet.hop.place", "pickup folder")];

    /// <summary>A hop as a part sends it; a null takes an attribute away that all have.</summary>
    private void Note(string part, string stage, string outcome, double at, params (string Name, string? Value)[] more)
    {
        Dictionary<string, string?> attributes = new()
        {
            ["quintet.hop.stage"] = stage, ["quintet.hop.outcome"] = outcome, ["quintet.event.id"] = _event, ["quintet.subject"] = "users/184",
            ["quintet.trace.id"] = Otlp.Hex(_trace),
        };
        foreach ((string name, string? value) in more) attributes[name] = value;
        LogRecord hop = Otlp.Log("quintet.hop", at: at, attributes: [.. attributes.Where(a => a.Value is not null).Select(a => Otlp.Pair(a.Key, a.Value!))]);
        hop.EventName = Hosting.Telemetry.Hops.EventName;
        _store.Add(Otlp.Logs(part, hop));
    }
}
