using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Quintet.Console.Access;

/// <summary>Wires logins, sessions and what each request must fulfil. What is not opened on purpose needs a session.</summary>
internal static class AccessExtensions
{
    public const string LoginPath = "/login";

    /// <summary>Where to go after a login.</summary>
    private const string ReturnParameter = "to";

    public static IServiceCollection AddConsoleAccess(this IServiceCollection services)
    {
        services.AddSingleton<LoginAttempts>();
        services.AddDataProtection().SetApplicationName("quintet-console");
        services.AddOptions<KeyManagementOptions>().Configure<IOptions<ConsoleOptions>, ILoggerFactory>((keys, console, loggers) =>
            keys.XmlRepository = new FileSystemXmlRepository(PrivateFolder.Create(Path.Combine(console.Value.DataFolder, "keys")), loggers));
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
        services.AddOptions<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme)
            .Configure<IOptions<ConsoleOptions>>((cookies, console) => Configure(cookies, console.Value));
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())
            .AddPolicy(Actor.OperatorPolicy, policy => policy.RequireRole(nameof(ConsoleRole.Operator)));
        services.AddAntiforgery(antiforgery => antiforgery.SuppressXFrameOptionsHeader = true); // SecurityHeaders sets it
        return services;
    }

    /// <summary>In the order in which a request meets them, behind the routing.</summary>
    public static void UseConsoleAccess(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<RequestOrigin>();
        app.UseAuthentication();
        app.UseMiddleware<Admission>();
        app.UseAuthorization();
        app.UseAntiforgery();
    }

    /// <summary>Whether a person asks, with a browser.</summary>
    public static bool IsPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && !request.Path.StartsWithSegments("/_blazor") && !request.Path.StartsWithSegments("/api")
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static void Configure(CookieAuthenticationOptions cookies, ConsoleOptions console)
    {
        // Browsers send cookies to all ports of a host; two consoles on one machine must not log each other out.
        cookies.Cookie.Name = $"quintet-console-{console.Port}";
        cookies.Cookie.HttpOnly = true;
        cookies.Cookie.SameSite = SameSiteMode.Strict;
        cookies.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookies.ExpireTimeSpan = console.Access.SessionLifetime;
        cookies.SlidingExpiration = false;
        cookies.LoginPath = LoginPath;
        cookies.ReturnUrlParameter = ReturnParameter;
        cookies.Events.OnRedirectToLogin = context =>
        {
            if (!IsPage(context.Request)) return AccessProblems.LoginNeeded(context.HttpContext);
            context.Response.Redirect(context.RedirectUri);
            return Task.CompletedTask;
        };
    }
}
