using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Quintet.Chassis.Data;
using Xunit;

namespace Quintet.Chassis.Tests.Data;

public sealed class AddressTests
{
    [Fact]
    public void Nothing_given_is_a_file_in_the_data_folder()
    {
        var file = Assert.IsType<SqliteConnectionStringBuilder>(Of(("QUINTET_DATA", "/somewhere")));

        Assert.Equal("/somewhere/orders.db", file.DataSource);
    }

    [Fact]
    public void The_connection_string_wins_over_the_variable()
    {
        var file = Assert.IsType<SqliteConnectionStringBuilder>(
            Of(("ConnectionStrings:Database", "Data Source=/other.db"), ("DATABASE_URL", "postgres://me@db/orders")));

        Assert.Equal("/other.db", file.DataSource);
    }

    [Theory]
    [InlineData("postgres://shop_orders:p%40ss%3Aword@db.example:6432/shop%5Forders")]
    [InlineData("postgresql://shop_orders:p%40ss:word@db.example:6432/shop_orders")]
    [InlineData("Host=db.example;Port=6432;Database=shop_orders;Username=shop_orders;Password=p@ss:word")]
    [InlineData("Server=db.example;Port=6432;Database=shop_orders;User Id=shop_orders;Password=p@ss:word")]
    public void A_server_is_named_by_an_address_or_by_pairs(string given)
    {
        var server = Assert.IsType<NpgsqlConnectionStringBuilder>(Of(("DATABASE_URL", given)));

        Assert.Equal(
            ("db.example", 6432, "shop_orders", "shop_orders", "p@ss:word"),
            (server.Host, server.Port, server.Database, server.Username, server.Password));
    }

    [Fact]
    public void An_address_may_leave_out_what_has_a_default_and_bear_parameters()
    {
        var server = Assert.IsType<NpgsqlConnectionStringBuilder>(
            Of(("DATABASE_URL", "postgres://me@[::1]/orders?sslmode=verify-full&connect_timeout=7&Maximum%20Pool%20Size=3")));

        Assert.Equal(("::1", 5432, SslMode.VerifyFull, 7, 3), (server.Host, server.Port, server.SslMode, server.Timeout, server.MaxPoolSize));
    }

    [Theory]
    [InlineData("ConnectionStrings:Database", "Server=db;Color=secret")]
    [InlineData("ConnectionStrings:Database", "Shape=secret")]
    [InlineData("DATABASE_URL", "mysql://me:secret@db/orders")]
    [InlineData("DATABASE_URL", "postgres://me:secret@db:port/orders")]
    [InlineData("DATABASE_URL", "postgres://me:secret@db/orders?color=secret")]
    public void What_is_neither_is_refused_by_its_setting_without_its_value(string setting, string given)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => Of((setting, given)));

        Assert.StartsWith($"{setting}: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    private static DbConnectionStringBuilder Of(params (string Key, string Value)[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value))
            .Build();
        return DatabaseAddress.Of(configuration, ChassisOptions.From(configuration, "Orders"));
    }
}
