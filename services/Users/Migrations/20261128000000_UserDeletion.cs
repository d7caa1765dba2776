using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Quintet.Users.Migrations;

[DbContext(typeof(UsersDb))]
[Migration("20261128000000_UserDeletion")]
internal sealed class UserDeletionColumn : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.AddColumn<string>(name: "DeletionId", table: "users", maxLength: 36, nullable: true);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropColumn(name: "DeletionId", table: "users");
}
