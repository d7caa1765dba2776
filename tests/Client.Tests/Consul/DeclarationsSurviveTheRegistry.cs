using Quintet.Client.Consul;
using Xunit;

namespace Quintet.Client.Tests.Consul;

public sealed class DeclarationsSurviveTheRegistry
{
    [Fact]
    public void What_is_put_into_the_metadata_is_read_from_it()
    {
        ServiceDeclaration declared = new()
        {
            Version = "3",
            Routes = ["/orders/{**rest}", "/carts"],
            Publishes = ["orders.paid", "orders.sent"],
            Subscribes = ["users.user-created"],
            Calls = ["users"],
            Database = "SQLite",
        };

        IReadOnlyDictionary<string, string> meta = declared.ToMeta();

        Assert.Equal(("/carts", "orders.paid orders.sent", "users"), (meta["quintet-route-1"], meta["quintet-publishes-0"], meta["quintet-calls-0"]));
        Assert.Equivalent(declared, ServiceDeclaration.Of(meta));
        Assert.False(ServiceDeclaration.Of(meta).IsCut);
        Assert.Null(ServiceDeclaration.Of(new Dictionary<string, string>()).Version);
    }

    [Fact]
    public void However_much_is_declared_the_registry_takes_it()
    {
        string[] events = [.. Enumerable.Range(0, 400).Select(i => $"orders.{new string('x', 80)}-{i}")];
        string[] routes = [.. Enumerable.Range(0, 40).Select(i => $"/{i}")];
        ServiceDeclaration declared = new() { Version = "1", Routes = routes, Publishes = events, Calls = ["users"] };

        IReadOnlyDictionary<string, string> meta = declared.ToMeta();

        Assert.Equal(64, meta.Count); // Consul takes no more, and no value above 512
        Assert.All(meta.Values, value => Assert.True(value.Length <= 512));
        Assert.Equal(declared.Routes, ServiceDeclaration.Of(meta).Routes);
        Assert.Equal(events.Take(22 * 5), ServiceDeclaration.Of(meta).Publishes);
        Assert.True(ServiceDeclaration.Of(meta).IsCut);
    }
}
