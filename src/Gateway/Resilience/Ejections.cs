using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Gateway.Telemetry;
using Yarp.ReverseProxy.Model;

namespace Quintet.Gateway.Resilience;

/// <summary>
/// Instances that refused a connection, by address, and until when they are left alone. The registry learns of a death within its check's
/// interval; a refused connection tells at once.
/// </summary>
internal sealed partial class Ejections(IOptions<GatewayOptions> options, TimeProvider time, GatewayMeter meter, ILogger<Ejections> logger)
{
    private readonly ConcurrentDictionary<string, Ejection> _ejected = new(StringComparer.Ordinal);
    private readonly EjectionOptions _options = options.Value.Ejection;

    /// <summary>The destinations that may be tried now, without those in <paramref name="tried"/>.</summary>
    public IReadOnlyList<DestinationState> Admit(IReadOnlyList<DestinationState> destinations, IReadOnlyList<DestinationState> tried)
    {
        if (_ejected.IsEmpty && tried.Count == 0) return destinations;
        DateTimeOffset now = time.GetUtcNow();
        return [.. destinations.Where(destination => !tried.Contains(destination) && !IsEjected(UrlOf(destination), now))];
    }

    /// <summary>The instance refused a connection.</summary>
    public void Eject(string service, DestinationState destination)
    {
        DateTimeOffset now = time.GetUtcNow();
        string url = UrlOf(destination);
        // Requests that were refused together count once.
        Ejection made = _ejected.AddOrUpdate(
            url,
            _ => new Ejection(now + _options.First, 1),
            (_, was) => was.Until > now ? was : new Ejection(now + Longer(was.Times), was.Times + 1));
        if (made.Until - now != Longer(made.Times - 1)) return;
        meter.Ejected(service, destination.DestinationId);
        Log.Ejected(logger, destination.DestinationId, service, (made.Until - now).TotalSeconds);
    }

    /// <summary>The instance answered.</summary>
    public void Answered(DestinationState destination)
    {
        if (!_ejected.IsEmpty) _ejected.TryRemove(UrlOf(destination), out _);
    }

    /// <summary>The registry lists instances at these addresses anew.</summary>
    public void Readmit(IEnumerable<string> urls)
    {
        foreach (string url in urls) _ejected.TryRemove(url, out _);
        // What nobody has asked for since long is an address that is no more.
        DateTimeOffset old = time.GetUtcNow() - TimeSpan.FromHours(1);
        foreach ((string url, Ejection ejection) in _ejected)
            if (ejection.Until < old) _ejected.TryRemove(url, out _);
    }

    private bool IsEjected(string url, DateTimeOffset now) => _ejected.TryGetValue(url, out Ejection? ejection) && ejection.Until > now;

    private TimeSpan Longer(int times)
    {
        double seconds = _options.First.TotalSeconds * Math.Pow(2, Math.Min(times, 20));
        return TimeSpan.FromSeconds(Math.Min(seconds, Math.Max(_options.Max.TotalSeconds, _options.First.TotalSeconds)));
    }

    private static string UrlOf(DestinationState destination) => destination.Model.Config.Address;

    private sealed record Ejection(DateTimeOffset Until, int Times);

    private static partial class Log
    {
        [LoggerMessage(5031, LogLevel.Warning, "Instance {Instance} of {Service} refused a connection and is left alone for {Seconds} s")]
        public static partial void Ejected(ILogger logger, string instance, string service, double seconds);
    }
}
