using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>From a time, up to and without another.</summary>
internal sealed record TimeRange(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>What is asked for by text is looked up by its arrival, which is up to a minute before its time where clocks differ.</summary>
    private static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(1);

    /// <summary>And up to an hour after it, with exporters that were cut off.</summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromHours(1);

    public long FromNanoseconds => Nanoseconds.Of(From);

    public long ToNanoseconds => Nanoseconds.Of(To);

    public double Seconds => (To - From).TotalSeconds;

    /// <summary>The first id that a row of this time may have.</summary>
    public long FirstArrival => FromNanoseconds / 1000 - ((long)ClockDifference.TotalMicroseconds);

    /// <summary>The last id that a row of this time may have.</summary>
    public long LastArrival => (ToNanoseconds / 1000) + (long)Lateness.TotalMicroseconds;

    /// <summary>The steps the range is cut into; the first begins at a multiple of the step.</summary>
    /// <exception cref="InvalidQueryException">There would be too many, or none.</exception>
    public Steps StepsOf(TimeSpan step, int max)
    {
        if (step < TimeSpan.FromSeconds(1)) throw new InvalidQueryException("step", "must be at least 1 s");
        if (To <= From) throw new InvalidQueryException("to", "must be after from");
        long seconds = (long)step.TotalSeconds;
        long first = From.ToUnixTimeSeconds() / seconds * seconds;
        long count = (To.ToUnixTimeSeconds() - first + seconds - 1) / seconds;
        if (count > max) throw new InvalidQueryException("step", $"makes {count} steps of this range; {max} are allowed");
        return new Steps(first, seconds, (int)Math.Max(1, count));
    }
}

/// <summary>Steps of equal length; times are seconds since 1970.</summary>
internal sealed record Steps(long First, long Seconds, int Count)
{
    public long End => First + (Seconds * Count);

    public DateTimeOffset TimeOf(int step) => DateTimeOffset.FromUnixTimeSeconds(First + (step * Seconds));

    /// <summary>The steps that an interval touches, each with the seconds of the interval that are in it.</summary>
    public IEnumerable<(int Step, double Seconds)> Touched(double from, double to)
    {
        int first = (int)Math.Clamp(Math.Floor((from - First) / Seconds), 0, Count);
        int last = (int)Math.Clamp(Math.Ceiling((to - First) / Seconds), 0, Count);
        for (int step = first; step < last; step++)
        {
            double begin = First + (step * Seconds);
            yield return (step, Math.Min(to, begin + Seconds) - Math.Max(from, begin));
        }
    }
}
