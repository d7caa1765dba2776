using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Figures;

/// <summary>Counts in buckets for each step, of series that may differ in their bounds; the bounds most was counted in tell the percentiles.</summary>
internal sealed class Distribution(int steps)
{
    private readonly Dictionary<double[], (double[] Bounds, double[]?[] Steps, double Total)> _byBounds = new(new SameBounds());

    public void Add(double[] bounds, int step, byte[]? kept, double share)
    {
        if (kept is null || bounds.Length == 0) return;
        if (!_byBounds.TryGetValue(bounds, out (double[] Bounds, double[]?[] Steps, double Total) there)) there = (bounds, new double[]?[steps], 0);
        long[] counts = new long[bounds.Length + 1];
        Buckets.AddTo(counts, kept);
        double[] sum = there.Steps[step] ??= new double[counts.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            sum[i] += counts[i] * share;
            there.Total += counts[i] * share;
        }

        _byBounds[bounds] = there;
    }

    /// <summary>Of one step; null when nothing was counted in it.</summary>
    public double? Percentile(int step, double share)
    {
        if (_byBounds.Count == 0) return null;
        (double[] bounds, double[]?[] counts, _) = _byBounds.Values.MaxBy(one => one.Total);
        return counts[step] is { } counted ? Buckets.Percentile(bounds, counted, share) : null;
    }

    /// <summary>Of all steps together.</summary>
    public double? Percentile(double share)
    {
        if (_byBounds.Count == 0) return null;
        (double[] bounds, double[]?[] counts, _) = _byBounds.Values.MaxBy(one => one.Total);
        double[] sum = new double[bounds.Length + 1];
        foreach (double[]? counted in counts)
            for (int i = 0; i < (counted?.Length ?? 0); i++) sum[i] += counted![i];
        return Buckets.Percentile(bounds, sum, share);
    }

    private sealed class SameBounds : IEqualityComparer<double[]>
    {
        public bool Equals(double[]? x, double[]? y) => ReferenceEquals(x, y) || x.AsSpan().SequenceEqual(y);

        public int GetHashCode(double[] bounds) => HashCode.Combine(bounds.Length, bounds[0], bounds[^1]);
    }
}
