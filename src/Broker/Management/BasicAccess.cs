using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Broker.Access;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>HTTP Basic with the broker's own users; those without a management tag stay outside, as with RabbitMQ.</summary>
internal sealed class BasicAccess : IEndpointFilter
{
    private static readonly object UserKey = new();

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        BrokerUser? user = Login(http);
        http.RequestServices.GetRequiredService<BrokerNode>().Logins.Http.Count(user is not null);
        if (user is null)
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"RabbitMQ Management\"";
            return ManagementRoutes.NotAuthorised(ManagementRoutes.LoginFailed);
        }

        if (!user.MayManage) return ManagementRoutes.NotAuthorised("Not management user");
        http.Items[UserKey] = user;
        return await next(context);
    }

    /// <summary>The user of a request that has passed.</summary>
    public static BrokerUser UserOf(HttpContext http) => (BrokerUser)http.Items[UserKey]!;

    private static BrokerUser? Login(HttpContext http)
    {
        if (!AuthenticationHeaderValue.TryParse(http.Request.Headers.Authorization, out AuthenticationHeaderValue? header)
            || !string.Equals(header.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)) return null;

        byte[] octets = new byte[(header.Parameter?.Length ?? 0) + 1];
        if (!Convert.TryFromBase64String(header.Parameter ?? "", octets, out int length)) return null;
        string credentials = Encoding.UTF8.GetString(octets, 0, length);
        int colon = credentials.IndexOf(':');
        Users users = http.RequestServices.GetRequiredService<Users>();
        if (colon < 0 || users.Login(credentials[..colon], credentials[(colon + 1)..]) is not { } user) return null;
        return user.IsFromLoopbackOnly && http.Connection.RemoteIpAddress is { } remote && !IPAddress.IsLoopback(remote) ? null : user;
    }
}
