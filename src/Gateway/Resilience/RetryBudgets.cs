using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Quintet.Gateway.Resilience;

/// <summary>
/// How many repetitions each service may still be given: a share of its requests and a few a second, saved up to a limit. Without it every
/// client's request would count double just when a service is overloaded.
/// </summary>
internal sealed class RetryBudgets(IOptions<GatewayOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Budget> _budgets = new(StringComparer.Ordinal);
    private readonly RetryOptions _options = options.Value.Retry;

    /// <summary>A request to the service came in.</summary>
    public void Earn(string service) => Of(service).Earn(_options.Share);

    /// <summary>Takes one repetition if there is one.</summary>
    public bool TrySpend(string service) => Of(service).TrySpend();

    private Budget Of(string service) => _budgets.GetOrAdd(service, _ => new Budget(_options, time));

    /// <summary>Guarded by _gate: _tokens, _filled.</summary>
    private sealed class Budget(RetryOptions options, TimeProvider time)
    {
        private readonly Lock _gate = new();
        private double _tokens = options.Burst;
        private long _filled = time.GetTimestamp();

        public void Earn(double share)
        {
            lock (_gate) _tokens = Math.Min(options.Burst, _tokens + share);
        }

        public bool TrySpend()
        {
            lock (_gate)
            {
                _tokens = Math.Min(options.Burst, _tokens + (time.GetElapsedTime(_filled).TotalSeconds * options.PerSecond));
                _filled = time.GetTimestamp();
                if (_tokens < 1) return false;
                _tokens--;
                return true;
            }
        }
    }
}
