namespace Quintet.Broker.Statistics;

/// <summary>Changes a second of some numbers, between the last two samples. Sampled by one; read by anybody.</summary>
internal sealed class RateMeter(int size)
{
    private readonly long[] _last = new long[size];
    private volatile double[] _rates = new double[size];

    public double this[int index] => _rates[index];

    public double this[Happening happening] => _rates[(int)happening];

    /// <summary>Takes the numbers as they are, without a rate: for a thing that was there before it was first looked at.</summary>
    public void Begin(ReadOnlySpan<long> now) => now.CopyTo(_last);

    public void Sample(ReadOnlySpan<long> now, double seconds)
    {
        double[] rates = new double[_last.Length];
        for (int index = 0; index < rates.Length; index++)
        {
            rates[index] = (now[index] - _last[index]) / seconds;
            _last[index] = now[index];
        }

        _rates = rates;
    }
}
