using Microsoft.AspNetCore.Http;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>What paths name: virtual hosts and exchanges.</summary>
internal static class TopologyRoutes
{
    /// <summary>The virtual hosts that the user may see: all for those who watch the node, else those it may enter.</summary>
    public static IEnumerable<VirtualHost> Visible(HttpContext http, BrokerContext broker)
    {
        BrokerUser user = BasicAccess.UserOf(http);
        return broker.Node.Vhosts.Where(vhost => user.MayWatch || user.MayEnter(vhost.Name)).OrderBy(vhost => vhost.Name, StringComparer.Ordinal);
    }

    /// <summary>Answers for the virtual host in the path's third segment.</summary>
    public static IResult InVhost(HttpContext http, BrokerContext broker, Func<VirtualHost, IResult> answer)
    {
        string name = http.Request.Segment(2);
        if (broker.Node.FindVhost(name) is null) return ManagementRoutes.NotFound();
        return Visible(http, broker).FirstOrDefault(vhost => vhost.Name == name) is { } visible
            ? answer(visible)
            : ManagementRoutes.NotAuthorised("User not authorised to access virtual host");
    }

    /// <summary>The virtual host in the path's third segment.</summary>
    public static VirtualHost RequireVhost(HttpContext http, BrokerContext broker, string? missing = null)
    {
        string name = http.Request.Segment(2);
        if (broker.Node.FindVhost(name) is null)
            throw missing is null ? Refusal.NotFound() : new Refusal(StatusCodes.Status404NotFound, "not_found", missing);
        return Visible(http, broker).FirstOrDefault(vhost => vhost.Name == name)
            ?? throw Refusal.NotAuthorised("User not authorised to access virtual host");
    }

    /// <summary>Paths call the default exchange by this name, since the empty one cannot be in them.</summary>
    public static string ExchangeName(string segment) => segment == "amq.default" ? "" : segment;

    /// <summary>So do permissions.</summary>
    public static string NameInRights(string exchange) => exchange.Length == 0 ? "amq.default" : exchange;
}
