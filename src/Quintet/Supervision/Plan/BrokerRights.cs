using System.Text.RegularExpressions;
using Quintet.Manifest;

namespace Quintet.Supervision.Plan;

/// <summary>What a service may do at the broker, whichever it is, as regular expressions.</summary>
/// <param name="Names">Exchanges and queues it may declare, publish to and consume from.</param>
/// <param name="Publishes">Events it may publish to <see cref="Exchange"/>.</param>
/// <param name="Subscribes">Events it may bind its queues to.</param>
internal sealed record BrokerRights(string Names, string Publishes, string Subscribes)
{
    /// <summary>The exchange that all events go through.</summary>
    public const string Exchange = "events";

    public static BrokerRights Of(ServiceManifest service) =>
        new($@"^({Exchange}|{Regex.Escape(service.Name)}\..*)$", AnyOf(service.Publishes), AnyOf(service.Subscribes));

    private static string AnyOf(IReadOnlyList<string> events) => events.Count == 0 ? "^$" : $"^({string.Join('|', events.Select(Regex.Escape))})$";
}
