using System;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Quintet.Users.Migrations;

[DbContext(typeof(UsersDb))]
internal sealed class UsersDbModelSnapshot : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder)
    {
        modelBuilder.HasAnnotation("ProductVersion", "10.0.15");
        modelBuilder.Entity("Quintet.Users.Users.User", user =>
        {
            user.Property<long>("Id").ValueGeneratedOnAdd().HasColumnType("INTEGER");
            user.Property<string>("Name").IsRequired().HasMaxLength(200).HasColumnType("TEXT");
            user.Property<string>("Email").IsRequired().HasMaxLength(254).HasColumnType("TEXT");
            user.Property<string>("EmailKey").IsRequired().HasMaxLength(254).HasColumnType("TEXT");
            user.Property<long>("Version").IsConcurrencyToken().HasColumnType("INTEGER");
            user.Property<long>("CreatedAt").HasColumnType("INTEGER");
            user.HasKey("Id");
            user.HasIndex("EmailKey").IsUnique();
            user.ToTable("users");
        });
    }
}
