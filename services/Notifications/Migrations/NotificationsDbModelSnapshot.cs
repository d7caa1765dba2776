using System;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Quintet.Notifications.Migrations;

[DbContext(typeof(NotificationsDb))]
internal sealed class NotificationsDbModelSnapshot : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder)
    {
        modelBuilder.HasAnnotation("ProductVersion", "10.0.15");
        modelBuilder.Entity("Quintet.Notifications.History.SentNotification", sent =>
        {
            sent.Property<long>("Id").ValueGeneratedOnAdd().HasColumnType("INTEGER");
            sent.Property<long>("UserId").HasColumnType("INTEGER");
            sent.Property<string>("Type").IsRequired().HasMaxLength(50).HasColumnType("TEXT");
            sent.Property<string>("MessageId").IsRequired().HasMaxLength(100).HasColumnType("TEXT");
            sent.Property<long>("SentAt").HasColumnType("INTEGER");
            sent.HasKey("Id");
            sent.HasIndex("UserId", "Id");
            sent.ToTable("notifications");
        });
    }
}
