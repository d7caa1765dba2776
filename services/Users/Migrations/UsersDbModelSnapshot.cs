using System;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace Quintet.Users.Migrations;

[DbContext(typeof(UsersDb))]
internal sealed class UsersDbModelSnapshot : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder)
    {
        modelBuilder.HasAnnotation("ProductVersion", "10.0.15");
        modelBuilder.Entity("Quintet.Users.Users.User", user =>
        {
            user.Property<long>("Id").ValueGeneratedOnAdd()
                .HasAnnotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn);
            user.Property<string>("Name").IsRequired().HasMaxLength(200);
            user.Property<string>("Email").IsRequired().HasMaxLength(254);
            user.Property<string>("EmailKey").IsRequired().HasMaxLength(254);
            user.Property<long>("Version").IsConcurrencyToken();
            user.Property<long>("CreatedAt");
            user.Property<string>("DeletionId").HasMaxLength(36);
            user.HasKey("Id");
            user.HasIndex("EmailKey").IsUnique();
            user.ToTable("users");
        });
    }
}
