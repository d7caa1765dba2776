using System.Buffers;
using System.Buffers.Binary;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>Counts of a histogram, as they are kept: pairs of the gap to the bucket before and the count, so that empty buckets take nothing.</summary>
internal static class Buckets
{
    public static byte[] Write(ReadOnlySpan<long> counts)
    {
        ArrayBufferWriter<byte> buffer = new();
        int before = -1;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] == 0) continue;
            Put(buffer, (ulong)(i - before));
            Put(buffer, (ulong)counts[i]);
            before = i;
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Adds what is kept to <paramref name="counts"/>.</summary>
    public static void AddTo(Span<long> counts, ReadOnlySpan<byte> kept)
    {
        int at = -1;
        while (kept.Length > 0)
        {
            at += (int)Take(ref kept);
            counts[at] += (long)Take(ref kept);
        }
    }

    public static byte[] WriteBounds(ReadOnlySpan<double> bounds)
    {
        byte[] written = new byte[bounds.Length * sizeof(double)];
        for (int i = 0; i < bounds.Length; i++) BinaryPrimitives.WriteDoubleLittleEndian(written.AsSpan(i * sizeof(double)), bounds[i]);
        return written;
    }

    public static double[] ReadBounds(ReadOnlySpan<byte> written)
    {
        double[] bounds = new double[written.Length / sizeof(double)];
        for (int i = 0; i < bounds.Length; i++) bounds[i] = BinaryPrimitives.ReadDoubleLittleEndian(written[(i * sizeof(double))..]);
        return bounds;
    }

    /// <summary>The value that a share of all is below, by a straight line within the bucket; null when there is none.</summary>
    public static double? Percentile(ReadOnlySpan<double> bounds, ReadOnlySpan<double> counts, double share)
    {
        double total = 0;
        foreach (double count in counts) total += count;
        if (total <= 0 || bounds.Length == 0) return null;

        double wanted = total * share;
        double passed = 0;
        for (int i = 0; i < bounds.Length; i++)
        {
            if (counts[i] > 0 && passed + counts[i] >= wanted)
            {
                double low = i == 0 ? Math.Min(0, bounds[0]) : bounds[i - 1];
                return low + ((bounds[i] - low) * ((wanted - passed) / counts[i]));
            }

            passed += counts[i];
        }

        return bounds[^1]; // the last bucket has no upper bound: at least this
    }

    private static void Put(ArrayBufferWriter<byte> buffer, ulong number)
    {
        Span<byte> bytes = stackalloc byte[10];
        int length = 0;
        for (; number >= 0x80; number >>= 7) bytes[length++] = (byte)(number | 0x80);
        bytes[length++] = (byte)number;
        buffer.Write(bytes[..length]);
    }

    private static ulong Take(ref ReadOnlySpan<byte> kept)
    {
        ulong number = 0;
        int length = 0;
        byte read;
        do
        {
            read = kept[length];
            number |= (ulong)(read & 0x7f) << (7 * length++);
        }
        while (read >= 0x80);
        kept = kept[length..];
        return number;
    }
}
