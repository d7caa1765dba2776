using System.Net;
using Microsoft.Extensions.Options;

namespace Quintet.Console.Access;

/// <summary>
/// Counts failed logins of each address within a window. What is guessed has 256 bits; the bound keeps the log readable and the work small.
/// </summary>
internal sealed class LoginAttempts(IOptions<ConsoleOptions> options, TimeProvider time)
{
    /// <summary>More addresses than this at once are one storm; the window then counts for all of them together.</summary>
    private const int AddressesMax = 10_000;

    private readonly AccessOptions _access = options.Value.Access;
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _failures = [];
    private long _windowStart = time.GetTimestamp();

    /// <summary>How long the address has to wait; zero when it need not.</summary>
    public TimeSpan WaitOf(IPAddress? address)
    {
        lock (_gate)
        {
            TimeSpan left = LeftOfWindow();
            bool isOver = _failures.GetValueOrDefault(KeyOf(address)) >= _access.FailuresMax || _failures.Count >= AddressesMax;
            return isOver ? left : TimeSpan.Zero;
        }
    }

    public void Failed(IPAddress? address)
    {
        lock (_gate)
        {
            _ = LeftOfWindow();
            IPAddress key = KeyOf(address);
            if (_failures.Count < AddressesMax || _failures.ContainsKey(key)) _failures[key] = _failures.GetValueOrDefault(key) + 1;
        }
    }

    private TimeSpan LeftOfWindow()
    {
        TimeSpan left = _access.FailureWindow - time.GetElapsedTime(_windowStart);
        if (left > TimeSpan.Zero) return left;
        _failures.Clear();
        _windowStart = time.GetTimestamp();
        return _access.FailureWindow;
    }

    private static IPAddress KeyOf(IPAddress? address) => address ?? IPAddress.None;
}
