namespace Quintet.Broker.Storage;

/// <summary>What was found at start, for the log of the process.</summary>
internal sealed record RecoveryReport
{
    public int Segments { get; init; }

    /// <summary>Copies of messages that are still in some queue.</summary>
    public long Messages { get; init; }

    public long BytesRead { get; init; }

    /// <summary>Bytes of the last, never confirmed batch that were cut off because it was only half on disk; 0 after a clean stop.</summary>
    public long TornBytes { get; init; }

    /// <summary>Damage skipped because <see cref="StorageOptions.SkipDamaged"/> is set.</summary>
    public IReadOnlyList<StorageDamagedException> Skipped { get; init; } = [];
}
