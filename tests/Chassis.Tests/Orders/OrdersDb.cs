using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging.Events;

namespace Quintet.Chassis.Tests.Orders;

/// <summary>A service's database, as small as it can be.</summary>
public sealed class OrdersDb(DbContextOptions<OrdersDb> options) : QuintetDb(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<Order>().ToTable("orders").HasIndex(order => order.Number).IsUnique();
    }
}

public sealed class Order
{
    public long Id { get; init; }

    public required string Number { get; init; }
}

public sealed record OrderPlaced(long Id) : IPublishedEvent
{
    public static string EventType => "orders.order-placed";

    string IPublishedEvent.Subject => $"orders/{Id}";
}

[DbContext(typeof(OrdersDb))]
[Migration("20260101000000_Orders")]
internal sealed class OrdersTable : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "orders",
            columns: table => new
            {
                Id = table.Column<long>(nullable: false)
                    .Annotation("Sqlite:Autoincrement", true)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                Number = table.Column<string>(nullable: false),
            },
            constraints: table => table.PrimaryKey("PK_orders", order => order.Id));
        migrationBuilder.CreateIndex(name: "IX_orders_Number", table: "orders", column: "Number", unique: true);
    }
}
