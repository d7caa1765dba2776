// A log file, all numbers little-endian:
//
//   offset  size  what
//   0       8     "QREGLOG1"
//   8       …     frames, one after another
//   …       …     zeros, allocated ahead
//
// A frame is everything that was made durable by one sync:
//
//   0       4     0x4D415246 ("FRAM")
//   4       4     n, bytes of the payload
//   8       4     CRC-32C of the payload, seeded with n
//   12      n     UTF-8 JSON: an array of mutations {"Index":…,"Changes":[{"t":"key",…},…]}
//
// The first frames of a file may be a snapshot: mutations of one index, the last of which ends with the change "scopes". Since a frame is written whole before
// anything is answered, only the last frame can be torn; a broken frame with a whole one behind it is damage, and is not repaired.

using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Storage;

/// <summary>Frames of the log, to bytes and back.</summary>
internal static class LogCodec
{
    public const int FrameHeaderBytes = 12;

    /// <summary>More than any frame is written with; a longer length is damage.</summary>
    public const int PayloadBytesMax = 1 << 30;

    private const int PayloadBytesMin = 2; // an empty array

    private const uint FrameMark = 0x4D415246;

    public static ReadOnlySpan<byte> FileMark => "QREGLOG1"u8;

    public static byte[] Encode(IReadOnlyList<Mutation> mutations)
    {
        using MemoryStream frame = new();
        frame.SetLength(FrameHeaderBytes);
        frame.Position = FrameHeaderBytes;
        using (Utf8JsonWriter json = new(frame)) JsonSerializer.Serialize(json, mutations, LogJson.Default.IReadOnlyListMutation);
        byte[] bytes = frame.ToArray();
        Span<byte> payload = bytes.AsSpan(FrameHeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, FrameMark);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Checksum(payload));
        return bytes;
    }

    /// <summary>
    /// The payload of the frame that begins <paramref name="bytes"/>; false when it is cut short, not a frame, or damaged.
    /// </summary>
    public static bool TryReadFrame(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (bytes.Length < FrameHeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != FrameMark) return false;
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        // The mark alone, with zeros behind it, would pass as an empty frame: that is what a torn write into allocated space may leave.
        if (length is < PayloadBytesMin or > PayloadBytesMax || length > bytes.Length - FrameHeaderBytes) return false;
        payload = bytes.Slice(FrameHeaderBytes, length);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) == Checksum(payload);
    }

    /// <summary>Whether a whole frame begins anywhere in <paramref name="bytes"/>.</summary>
    public static bool HoldsFrame(ReadOnlySpan<byte> bytes)
    {
        Span<byte> mark = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(mark, FrameMark);
        while (bytes.IndexOf(mark) is >= 0 and var at)
        {
            if (TryReadFrame(bytes[at..], out _)) return true;
            bytes = bytes[(at + 1)..];
        }

        return false;
    }

    public static IReadOnlyList<Mutation> Decode(ReadOnlySpan<byte> payload) =>
        JsonSerializer.Deserialize(payload, LogJson.Default.IReadOnlyListMutation)
            ?? throw new InvalidDataException("a frame of the log is empty");

    private static uint Checksum(ReadOnlySpan<byte> payload)
    {
        uint crc = BitOperations.Crc32C(0, (uint)payload.Length);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(payload);
        foreach (ulong word in words) crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (byte rest in payload[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, rest);
        return crc;
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(IReadOnlyList<Mutation>))]
internal sealed partial class LogJson : JsonSerializerContext;
