using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Quintet.Chassis.Data;

/// <summary>An event on its way out, kept for some days after.</summary>
internal sealed class OutboxRow
{
    /// <summary>The order of adding, given by the database.</summary>
    public long Sequence { get; init; }

    public required string EventId { get; init; }

    public required string Type { get; init; }

    public required string Subject { get; init; }

    /// <summary>The whole CloudEvent, made when it was added, so that every repetition is the same to the byte.</summary>
    public required byte[] Body { get; init; }

    public string? TraceParent { get; init; }

    public string? TraceState { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    public OutboxState State { get; set; }

    public int Attempts { get; set; }

    /// <summary>Not published before this, after a failure.</summary>
    public DateTimeOffset NotBefore { get; set; }

    public DateTimeOffset? DoneAt { get; set; }

    public string? Fault { get; set; }

    /// <summary>Whether this process has told of its commit; not stored.</summary>
    public bool IsTold { get; set; }

    public static void Configure(EntityTypeBuilder<OutboxRow> row)
    {
        row.ToTable("quintet_outbox", table => table.ExcludeFromMigrations());
        row.HasKey(r => r.Sequence);
        row.Ignore(r => r.IsTold);
    }
}

/// <summary>Where an outbox row stands. The numbers are stored.</summary>
internal enum OutboxState
{
    /// <summary>To be published.</summary>
    Waiting = 0,

    /// <summary>The broker has confirmed it.</summary>
    Sent = 1,

    /// <summary>No queue was bound for it in all of <c>Messaging:UnroutableFor</c>.</summary>
    Unclaimed = 2,

    /// <summary>The broker refused it again and again; somebody must look.</summary>
    SetAside = 3,
}
