using System.Diagnostics;
using System.Numerics;

namespace Quintet.TestKit.Traffic;

/// <summary>Counts of durations, 64 classes to each doubling, so that a percentile is right within 2 %. Not thread-safe.</summary>
public sealed class Latencies
{
    private const int ClassBits = 6;

    private readonly long[] _counts = new long[64 << ClassBits];

    public long Count { get; private set; }

    public void Add(long ticks)
    {
        _counts[ClassOf(Math.Max(ticks, 0))]++;
        Count++;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
    }

    /// <summary>In milliseconds; NaN when nothing was counted.</summary>
    public double Percentile(double share)
    {
        long wanted = (long)Math.Ceiling(Count * share);
        long seen = 0;
        for (int index = 0; index < _counts.Length; index++)
        {
            seen += _counts[index];
            if (seen >= wanted && seen > 0) return LowestOf(index) * 1000.0 / Stopwatch.Frequency;
        }

        return double.NaN;
    }

    private static int ClassOf(long ticks)
    {
        int bits = 64 - BitOperations.LeadingZeroCount((ulong)ticks);
        if (bits <= ClassBits) return (int)ticks;
        int shift = bits - ClassBits - 1;
        return ((shift + 1) << ClassBits) + (int)((ticks >> shift) & ((1 << ClassBits) - 1));
    }

    private static double LowestOf(int index)
    {
        int doubling = index >> ClassBits;
        long within = index & ((1 << ClassBits) - 1);
        return doubling == 0 ? within : (double)(within + (1 << ClassBits)) * Math.Pow(2, doubling - 1);
    }
}
