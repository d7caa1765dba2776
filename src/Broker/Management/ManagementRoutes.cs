using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Quintet.Broker.Management;

internal static class ManagementRoutes
{
    public static void MapManagement(this IEndpointRouteBuilder routes)
    {
    }
}
