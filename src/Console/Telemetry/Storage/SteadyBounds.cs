namespace Quintet.Console.Telemetry.Storage;

/// <summary>
/// Bounds that grow by the fourth root of two: a percentile read from them is at most a tenth off. They reach from a microsecond to an hour
/// when the unit is seconds; the last bucket holds what is above.
/// </summary>
internal static class SteadyBounds
{
    private const double Lowest = 1e-6;
    private const int PerDoubling = 4;
    private const int Doublings = 32;

    public static double[] All { get; } = [.. Enumerable.Range(0, (PerDoubling * Doublings) + 1).Select(i => Lowest * Math.Pow(2, (double)i / PerDoubling))];

    public static int BucketOf(double value)
    {
        int found = Array.BinarySearch(All, value);
        return found >= 0 ? found : ~found;
    }
}
