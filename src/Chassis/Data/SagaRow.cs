using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Quintet.Chassis.Data;

/// <summary>Where one run of a saga stands.</summary>
internal sealed class SagaRow
{
    /// <summary>A UUID of version 7: sorted by the start.</summary>
    public required string Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>The step it is at, or was at last.</summary>
    public required string Step { get; set; }

    public SagaState State { get; set; }

    /// <summary>What it is about, as JSON.</summary>
    public required string Data { get; init; }

    /// <summary>Why it was undone.</summary>
    public string? Reason { get; set; }

    /// <summary>How often the step's answer was asked for.</summary>
    public int Tries { get; set; }

    /// <summary>When the answer is late; null when none is awaited.</summary>
    public DateTimeOffset? DueAt { get; set; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset ChangedAt { get; set; }

    /// <summary>What happened, a JSON list of instants and words.</summary>
    public required string History { get; set; }

    /// <summary>Counts changes: of two that change it at once, one starts again.</summary>
    public long Version { get; set; } = 1;

    public static void Configure(EntityTypeBuilder<SagaRow> row)
    {
        row.ToTable("quintet_sagas", table => table.ExcludeFromMigrations());
        row.HasKey(r => r.Id);
        row.Property(r => r.Version).IsConcurrencyToken();
    }
}

/// <summary>How a run stands. The numbers are stored.</summary>
internal enum SagaState
{
    /// <summary>Under way.</summary>
    Running = 0,

    /// <summary>Every step is done.</summary>
    Completed = 1,

    /// <summary>A step was refused or not answered, and what had been done is undone.</summary>
    Undone = 2,
}
