using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Quintet.Chassis.Data;

/// <summary>The answer to a request with an <c>Idempotency-Key</c>, kept for its repetitions.</summary>
internal sealed class AnswerRow
{
    /// <summary>SHA-256 of method, path, caller and key, in hexadecimal.</summary>
    public required string KeyHash { get; init; }

    /// <summary>SHA-256 of the whole request, in hexadecimal: tells a repetition from another request with the same key.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Which of the requests with the key made the change, so that it can be told from its repetitions.</summary>
    public required string Attempt { get; init; }

    public required int Status { get; init; }

    /// <summary>The answer's header fields, a JSON object of arrays.</summary>
    public required string Headers { get; init; }

    public required byte[] Body { get; init; }

    public required DateTimeOffset KeptAt { get; init; }

    public static void Configure(EntityTypeBuilder<AnswerRow> row)
    {
        row.ToTable("quintet_idempotency", table => table.ExcludeFromMigrations());
        row.HasKey(r => r.KeyHash);
    }
}
