using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Quintet.Chassis.Data;

/// <summary>An event that a consumer has dealt with.</summary>
internal sealed class InboxRow
{
    public required string Consumer { get; init; }

    public required string EventId { get; init; }

    public required DateTimeOffset HandledAt { get; init; }

    public static void Configure(EntityTypeBuilder<InboxRow> row)
    {
        row.ToTable("quintet_inbox", table => table.ExcludeFromMigrations());
        row.HasKey(r => new { r.Consumer, r.EventId });
    }
}
