using Quintet.Client.Consul;
using Quintet.Console.Map;
using Quintet.Console.Parts;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Tests.Map;

/// <summary>What is declared against what is seen.</summary>
public sealed class MapTests
{
    private static readonly Peer Events = new(PeerKind.Exchange, "events");
    private static readonly Peer Created = new(PeerKind.Queue, "notifications.users.user-created");

    [Fact]
    public void Before_anything_flows_all_that_is_declared_is_there_unseen()
    {
        SystemMap map = Town.Reference().Map();

        Assert.Equal(
            [
                "gateway>service:notifications", "gateway>service:users", "outside>gateway", "queue:notifications.users.user-created>service:notifications",
                "queue:notifications.users.user-deleted>service:notifications", "queue:users.notifications.user-erased>service:users",
                "service:notifications>queue:users.notifications.user-erased", "service:notifications>service:users", "service:users>database:users",
                "service:users>queue:notifications.users.user-created", "service:users>queue:notifications.users.user-deleted",
            ],
            map.Edges.Select(edge => edge.Id).Order(StringComparer.Ordinal));
        Assert.All(map.Edges, edge => Assert.Equal(EdgeState.Unseen, edge.State));
        Assert.False(map.HasTraffic);
    }

    [Fact]
    public void A_database_is_seen_by_the_spans_of_its_service_and_hidden_where_a_busy_service_tells_of_none()
    {
        Town town = Town.Reference().Seen(Peer.Outside, Town.Service("quintet-gateway")).Seen(Town.Service("quintet-gateway"), Town.Service("users"));
        Assert.Equal(EdgeState.Unmeasured, town.Map().Edge("service:users>database:users")!.State);
        Assert.Equal(EdgeState.Unseen, Town.Reference().Map().Edge("service:users>database:users")!.State);

        SystemMap map = town.Seen(Town.Service("users"), new Peer(PeerKind.Database, "sqlite main")).Map();

        Assert.Equal(EdgeState.Seen, map.Edge("service:users>database:users")!.State);
        Assert.Single(map.Nodes, node => node.Key.Kind == NodeKind.Database);
    }

    [Fact]
    public void A_sign_up_goes_from_left_to_right_to_the_mail()
    {
        SystemMap map = Town.Reference()
            .Seen(Peer.Outside, Town.Service("quintet-gateway")).Seen(Town.Service("quintet-gateway"), Town.Service("users"))
            .Seen(Town.Service("users"), Events).Seen(Town.Service("users"), Created).Seen(Created, Town.Service("notifications"))
            .Seen(Town.Service("notifications"), new Peer(PeerKind.Mail, "mail")).Map();

        string[] way = ["outside", "gateway", "service:users", "queue:notifications.users.user-created", "service:notifications", "mail:mail"];
        Assert.Equal(Enumerable.Range(0, 6), way.Select(id => (int)map.Node(id)!.Layer));
        Assert.All(way.Zip(way.Skip(1)), step => Assert.Equal(EdgeState.Seen, map.Edge($"{step.First}>{step.Second}")!.State));
        Assert.Equal(EdgeState.Unseen, map.Edge("service:users>queue:notifications.users.user-deleted")!.State);
        Assert.DoesNotContain(map.Nodes, node => node.Key.Kind == NodeKind.Exchange);
    }

    [Fact]
    public void What_a_service_does_without_saying_so_is_undeclared()
    {
        SystemMap map = Town.Reference().With("audit", new ServiceDeclaration { Version = "1" })
            .Seen(Town.Service("users"), Town.Service("notifications")).Seen(Town.Service("quintet-gateway"), Town.Service("audit"))
            .Seen(Town.Service("audit"), Created).Seen(Town.Service("audit"), Town.Service("quintet-gateway")).Map();

        Assert.Equal(
            ["gateway>service:audit", "service:audit>gateway", "service:audit>queue:notifications.users.user-created", "service:users>service:notifications"],
            map.Edges.Where(edge => edge.State == EdgeState.Undeclared).Select(edge => edge.Id));
    }

    [Fact]
    public void Nothing_is_undeclared_of_a_service_that_says_nothing_of_itself()
    {
        SystemMap map = Town.Reference().WithStranger("old").Seen(Town.Service("old"), Town.Service("users")).Seen(Created, Town.Service("old")).Map();

        Assert.Equal(EdgeState.Seen, map.Edge("service:old>service:users")!.State);
        Assert.Equal(EdgeState.Seen, map.Edge("queue:notifications.users.user-created>service:old")!.State);
    }

    [Fact]
    public void A_call_through_the_gateway_does_not_make_its_declaration_look_unused()
    {
        SystemMap map = Town.Reference().Seen(Town.Service("notifications"), Town.Service("quintet-gateway")).Map();

        Assert.Equal(EdgeState.Seen, map.Edge("service:notifications>gateway")!.State);
        Assert.Equal(EdgeState.Unmeasured, map.Edge("service:notifications>service:users")!.State);
    }

    [Fact]
    public void What_everything_stands_on_is_no_stop_of_the_way()
    {
        SystemMap map = Town.Reference().With("registry").With("broker")
            .Seen(Peer.Outside, Town.Service("quintet-registry")).Seen(Town.Service("users"), Town.Service("quintet-config")).Map();

        Assert.False(map.HasTraffic);
        Assert.Null(map.Node("service:registry"));
    }

    [Fact]
    public void A_host_at_the_address_of_an_instance_is_that_service()
    {
        // The gateway is at 5000 and Users at 5001.
        SystemMap map = Town.Reference().Seen(Town.Service("notifications"), new Peer(PeerKind.Host, "127.0.0.1:5001"))
            .Seen(Town.Service("notifications"), new Peer(PeerKind.Host, "api.example.org:443")).Map();

        Assert.Equal(EdgeState.Seen, map.Edge("service:notifications>service:users")!.State);
        Assert.Equal(MapLayer.Stores, map.Node("host:api.example.org:443")!.Layer);
    }

    [Fact]
    public void The_last_minute_is_shown_and_where_it_was_quiet_the_whole_time()
    {
        SystemMap map = Town.Reference().Seen(Peer.Outside, Town.Service("quintet-gateway"), rate: 42)
            .Seen(Town.Service("quintet-gateway"), Town.Service("users"), rate: 15, recent: false).Map();

        Assert.Equal((42, true, 60L), Figures("outside>gateway"));
        Assert.Equal((1, false, 60L), Figures("gateway>service:users"));

        (double, bool, long?) Figures(string id) =>
            (map.Edge(id)!.Traffic!.Rate, map.Edge(id)!.Traffic!.IsRecent, map.Edge(id)!.Traffic!.Count);
    }

    [Fact]
    public void Publishing_that_fails_is_seen_at_the_queues_that_wait_for_it()
    {
        MapEdge edge = Town.Reference().Seen(Town.Service("users"), Events, errors: 0.25).Seen(Town.Service("users"), Created).Map()
            .Edge("service:users>queue:notifications.users.user-created")!;

        Assert.Equal(0.25, edge.Traffic!.ErrorShare);
        Assert.Equal("25 % fail", EdgeWords.Warning(edge));
    }

    [Fact]
    public void A_broker_that_sends_no_spans_is_asked_for_its_rates()
    {
        SystemMap map = new Town().With("shop", new ServiceDeclaration { Version = "1", Publishes = ["shop.sold"] })
            .With("store", new ServiceDeclaration { Version = "1" }).WithQueue("store", "shop.sold", published: 7)
            .Seen(Events, Town.Service("store")).Map();

        MapEdge fed = map.Edge("service:shop>queue:store.shop.sold")!;
        Assert.Equal((EdgeState.Seen, 7.0), (fed.State, fed.Traffic!.Rate));
        Assert.Equal(EdgeState.Seen, map.Edge("queue:store.shop.sold>service:store")!.State);
    }

    [Fact]
    public void Events_that_nobody_takes_and_queues_that_are_missing_are_shown()
    {
        SystemMap map = new Town().With("shop", new ServiceDeclaration { Version = "1", Publishes = ["shop.sold"], Subscribes = ["bank.paid"] }).Map();

        Assert.Equal("shop.sold: no queue takes it", map.Edge("service:shop>exchange:events")!.What);
        Assert.Equal((Summary.Warning, "no such queue"), (map.Node("queue:shop.bank.paid")!.Level, map.Node("queue:shop.bank.paid")!.Says));
    }

    [Theory]
    [InlineData("users.user-created", "users.user-created", true)]
    [InlineData("users.*", "users.user-created", true)]
    [InlineData("users.*", "users", false)]
    [InlineData("#", "users.user-created", true)]
    [InlineData("users.#", "users", true)]
    [InlineData("#.deleted", "users.user.deleted", true)]
    [InlineData("users.user-created", "users.user-deleted", false)]
    public void Bindings_match_as_the_brokers_do(string pattern, string key, bool matches)
    {
        Assert.Equal(matches, TopicPattern.Matches(pattern, key));
    }

    [Fact]
    public void Every_node_says_how_it_is()
    {
        SystemMap map = Town.Reference().With("pay", new ServiceDeclaration { Version = "1" }, instances: 2)
            .With("pay", state: "restarting").With("bank", new ServiceDeclaration { Version = "1" }, state: "failed")
            .WithQueue("pay", "bank.paid", dead: 3).WithQueue("pay", "bank.lost", consumers: 0).Map();

        Assert.Equal((Summary.Ok, "1 instance"), How("service:users"));
        Assert.Equal((Summary.Warning, "2 of 3 ready"), How("service:pay"));
        Assert.Equal((Summary.Failing, "0 of 1 ready"), How("service:bank"));
        Assert.Equal((Summary.Failing, "3 dead letters"), How("queue:pay.bank.paid"));
        Assert.Equal("pay.bank.paid.dead", map.Node("queue:pay.bank.paid")!.DeadQueue);
        Assert.Equal((Summary.Warning, "no consumer, 2 waiting"), How("queue:pay.bank.lost"));
        Assert.Equal((Summary.Ok, "2 waiting"), How("queue:notifications.users.user-created"));

        (string?, string) How(string id) => (map.Node(id)!.Level, map.Node(id)!.Says);
    }
}
