using Microsoft.AspNetCore.Http;

namespace Quintet.Broker.Management;

/// <summary>Lets those in who watch the node.</summary>
internal sealed class WatchersOnly : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        BasicAccess.UserOf(context.HttpContext).MayWatch ? await next(context) : ManagementRoutes.NotAuthorised("Not monitor user");
}
