using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Users.Users;

namespace Quintet.Users;

internal sealed class UsersDb(DbContextOptions<UsersDb> options) : QuintetDb(options)
{
    public DbSet<User> Users => Set<User>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<User>(user =>
        {
            user.ToTable("users");
            user.Property(u => u.Name).HasMaxLength(User.NameMax);
            user.Property(u => u.Email).HasMaxLength(User.EmailMax);
            user.Property(u => u.EmailKey).HasMaxLength(User.EmailMax);
            user.HasIndex(u => u.EmailKey).IsUnique();
            user.Property(u => u.Version).IsConcurrencyToken();
            user.Property(u => u.DeletionId).HasMaxLength(User.DeletionIdMax);
        });
    }
}
