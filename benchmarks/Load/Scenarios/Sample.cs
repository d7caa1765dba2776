namespace Quintet.Load.Scenarios;

/// <summary>What one scenario gave in one round. NaN: not measured there.</summary>
internal sealed record Sample
{
    /// <summary>Microseconds of the broker's processor time a message.</summary>
    public double BrokerMicros { get; init; } = double.NaN;

    /// <summary>The same of the client, this process.</summary>
    public double ClientMicros { get; init; } = double.NaN;

    public double PerSecond { get; init; } = double.NaN;

    public double P50 { get; init; } = double.NaN;

    public double P99 { get; init; } = double.NaN;

    public double P999 { get; init; } = double.NaN;

    public double ResidentMib { get; init; } = double.NaN;

    /// <summary>Of a start.</summary>
    public double Seconds { get; init; } = double.NaN;

    /// <summary>What else is to be said of it; empty for nothing.</summary>
    public string Note { get; init; } = "";

    /// <summary>The median of each value by itself, over the rounds.</summary>
    public static Sample MedianOf(IReadOnlyCollection<Sample> rounds) => new()
    {
        BrokerMicros = Median(rounds, sample => sample.BrokerMicros),
        ClientMicros = Median(rounds, sample => sample.ClientMicros),
        PerSecond = Median(rounds, sample => sample.PerSecond),
        P50 = Median(rounds, sample => sample.P50),
        P99 = Median(rounds, sample => sample.P99),
        P999 = Median(rounds, sample => sample.P999),
        ResidentMib = Median(rounds, sample => sample.ResidentMib),
        Seconds = Median(rounds, sample => sample.Seconds),
        Note = rounds.Select(sample => sample.Note).LastOrDefault(note => note.Length > 0, ""),
    };

    private static double Median(IEnumerable<Sample> rounds, Func<Sample, double> value)
    {
        double[] sorted = [.. rounds.Select(value).Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}
