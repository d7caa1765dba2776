using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace Quintet.Notifications.Migrations;

[DbContext(typeof(NotificationsDb))]
[Migration("20261123000000_Notifications")]
internal sealed class NotificationsTable : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "notifications",
            columns: table => new
            {
                Id = table.Column<long>(nullable: false)
                    .Annotation("Sqlite:Autoincrement", true)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                UserId = table.Column<long>(nullable: false),
                Type = table.Column<string>(maxLength: 50, nullable: false),
                MessageId = table.Column<string>(maxLength: 100, nullable: false),
                SentAt = table.Column<long>(nullable: false),
            },
            constraints: table => table.PrimaryKey("PK_notifications", sent => sent.Id));
        migrationBuilder.CreateIndex(name: "IX_notifications_UserId_Id", table: "notifications", columns: ["UserId", "Id"]);
    }

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable(name: "notifications");
}
