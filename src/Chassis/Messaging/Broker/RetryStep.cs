using System.Globalization;

namespace Quintet.Chassis.Messaging.Broker;

/// <summary>The fixed steps in which a failed event is tried again; each is a queue of its own.</summary>
/// <param name="Name">The last part of the queue's name.</param>
/// <param name="Delay">The longest wait.</param>
internal sealed record RetryStep(string Name, TimeSpan Delay)
{
    public static readonly IReadOnlyList<RetryStep> All =
    [
        new("1s", TimeSpan.FromSeconds(1)),
        new("10s", TimeSpan.FromSeconds(10)),
        new("1m", TimeSpan.FromMinutes(1)),
        new("10m", TimeSpan.FromMinutes(10)),
    ];

    /// <summary>
    /// The message's expiration: 80 to 100 % of the step, so that what failed together does not come back together. A message behind the
    /// head of its queue may wait for it.
    /// </summary>
    public string Expiration() =>
        ((long)(Delay.TotalMilliseconds * (0.8 + Random.Shared.NextDouble() * 0.2))).ToString(CultureInfo.InvariantCulture);
}
