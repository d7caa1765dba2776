using System.Runtime.InteropServices;

namespace Quintet.Broker.Topology.Hashing;

/// <summary>A hash that is the same in every process and version: where a key goes must not change with a restart. FNV-1a, then mixed.</summary>
internal static class StableHash
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public static ulong Of(ReadOnlySpan<byte> octets)
    {
        ulong hash = Offset;
        foreach (byte octet in octets) hash = (hash ^ octet) * Prime;
        return Mix(hash);
    }

    public static ulong Of(ReadOnlySpan<char> text) => Of(MemoryMarshal.AsBytes(text));

    /// <summary>The finaliser of SplitMix64: every bit in depends on every bit out.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
