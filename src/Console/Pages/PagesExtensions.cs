using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.DependencyInjection;

namespace Quintet.Console.Pages;

internal static class PagesExtensions
{
    public static IServiceCollection AddConsolePages(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddScoped<AuthenticationStateProvider, SessionState>();
        services.Configure<CircuitOptions>(circuits => circuits.DetailedErrors = false);
        return services;
    }

    public static void MapPages(this WebApplication app) =>
        // SecurityHeaders forbids frames for all answers; the framework's own header would allow some.
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(mode => mode.ContentSecurityFrameAncestorsPolicy = null);
}
