namespace Quintet.Client.Consul;

/// <summary>A key of the key-value store.</summary>
/// <param name="Key">The whole key, folders divided by <c>/</c>.</param>
/// <param name="Value">Its value; empty when it has none.</param>
/// <param name="ModifyIndex">When it was last changed; pass it to <see cref="ConsulClient.PutAsync"/> to change it only if nobody else did.</param>
public sealed record KeyValueEntry(string Key, ReadOnlyMemory<byte> Value, ulong ModifyIndex)
{
    /// <summary>The caller's own number beside the value.</summary>
    public ulong Flags { get; init; }
}
