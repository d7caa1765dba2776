using System;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace Quintet.Notifications.Migrations;

[DbContext(typeof(NotificationsDb))]
internal sealed class NotificationsDbModelSnapshot : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder)
    {
        modelBuilder.HasAnnotation("ProductVersion", "10.0.15");
        modelBuilder.Entity("Quintet.Notifications.History.SentNotification", sent =>
        {
            sent.Property<long>("Id").ValueGeneratedOnAdd()
                .HasAnnotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn);
            sent.Property<long>("UserId");
            sent.Property<string>("Type").IsRequired().HasMaxLength(50);
            sent.Property<string>("MessageId").IsRequired().HasMaxLength(100);
            sent.Property<long>("SentAt");
            sent.HasKey("Id");
            sent.HasIndex("UserId", "Id");
            sent.ToTable("notifications");
        });
    }
}
