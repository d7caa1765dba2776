using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Quintet.Chassis.Data;

/// <summary>Which instance does a job that only one of them may do.</summary>
internal sealed class LeaseRow
{
    public required string Name { get; init; }

    public required string Owner { get; set; }

    public required DateTimeOffset Until { get; set; }

    public static void Configure(EntityTypeBuilder<LeaseRow> row)
    {
        row.ToTable("quintet_leases", table => table.ExcludeFromMigrations());
        row.HasKey(lease => lease.Name);
    }
}
