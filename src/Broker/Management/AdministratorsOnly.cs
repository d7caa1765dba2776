using Microsoft.AspNetCore.Http;

namespace Quintet.Broker.Management;

/// <summary>Lets nobody but administrators in.</summary>
internal sealed class AdministratorsOnly : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        BasicAccess.UserOf(context.HttpContext).IsAdministrator ? await next(context) : ManagementRoutes.NotAuthorised("Not administrator user");
}
