using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.Access;

namespace Quintet.Console.Pages;

internal static class PagesExtensions
{
    public static IServiceCollection AddConsolePages(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddScoped<AuthenticationStateProvider, SessionState>();
        services.Configure<CircuitOptions>(circuits => circuits.DetailedErrors = false);
        services.AddOptions<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme)
            .Configure(cookies => cookies.Events.OnRedirectToAccessDenied = context => RefuseAsync(context.HttpContext));
        return services;
    }

    public static void MapPages(this WebApplication app) =>
        // SecurityHeaders forbids frames for all answers; the framework's own header would allow some.
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(mode => mode.ContentSecurityFrameAncestorsPolicy = null);

    /// <summary>A person gets a page that says so, with the ways to the others; a program a problem.</summary>
    private static Task RefuseAsync(HttpContext context) => AccessExtensions.IsPage(context.Request)
        ? new RazorComponentResult<App> { StatusCode = StatusCodes.Status403Forbidden }.ExecuteAsync(context)
        : AccessProblems.Forbidden(context);
}
