using Microsoft.EntityFrameworkCore;

namespace Quintet.Chassis.Data;

/// <summary>
/// What a service's own <see cref="DbContext"/> derives from: the service's tables stand beside the chassis' outbox, inbox, leases, kept
/// answers and sagas, so that a change, the events it causes and the answer to it are one transaction. An override of <see cref="OnModelCreating"/>
/// calls this one first.
/// </summary>
public abstract class QuintetDb(DbContextOptions options) : DbContext(options)
{
    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        // The chassis makes its tables itself (ChassisTables): they must not appear in the migrations and snapshots of every service.
        if (EF.IsDesignTime) return;

        modelBuilder.Entity<OutboxRow>(OutboxRow.Configure);
        modelBuilder.Entity<InboxRow>(InboxRow.Configure);
        modelBuilder.Entity<LeaseRow>(LeaseRow.Configure);
        modelBuilder.Entity<AnswerRow>(AnswerRow.Configure);
        modelBuilder.Entity<SagaRow>(SagaRow.Configure);
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        // SQLite has no type for it: compared or ordered as text a DateTimeOffset is refused by EF Core, as an integer it works.
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<InstantConverter>();
    }
}
