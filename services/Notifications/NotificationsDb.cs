using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Notifications.History;

namespace Quintet.Notifications;

internal sealed class NotificationsDb(DbContextOptions<NotificationsDb> options) : QuintetDb(options)
{
    public DbSet<SentNotification> Sent => Set<SentNotification>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<SentNotification>(sent =>
        {
            sent.ToTable("notifications");
            sent.Property(n => n.Type).HasMaxLength(SentNotification.TypeMax);
            sent.Property(n => n.MessageId).HasMaxLength(SentNotification.MessageIdMax);
            sent.HasIndex(n => new { n.UserId, n.Id });
        });
    }
}
