using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.Access;
using Quintet.Console.Pages;
using Quintet.Console.Records;

namespace Quintet.Console.Logins;

/// <summary>Exchanges the code of a login link for a session, once, and ends sessions.</summary>
internal static class LoginRoutes
{
    public static IServiceCollection AddLogins(this IServiceCollection services)
    {
        services.AddOptions<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme)
            .Configure<OpenSessions>((cookies, sessions) => cookies.Events.OnValidatePrincipal = context => ValidateAsync(context, sessions));
        return services.AddSingleton<Login>();
    }

    public static void MapLogin(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(AccessExtensions.LoginPath, (HttpContext context, Login login, string? code, string? to) =>
            code is null ? Task.FromResult(Page(null, to, null, StatusCodes.Status200OK)) : login.EnterAsync(context, code, to));
        // The request's origin is checked for all routes; a token in the form would guard the same door twice.
        routes.MapPost(AccessExtensions.LoginPath, (HttpContext context, Login login, [FromForm] string code, [FromForm] string? to) =>
            login.EnterAsync(context, CodeIn(code), to)).DisableAntiforgery();
        routes.MapPost("/logout", async (HttpContext context, OpenSessions sessions) =>
        {
            sessions.End(Actor.Of(context.User).Session);
            await context.SignOutAsync();
            return TypedResults.Redirect(AccessExtensions.LoginPath);
        });
    }

    /// <summary>The login page.</summary>
    /// <param name="fault">Why the login failed.</param>
    /// <param name="to">Where to go after a login.</param>
    /// <param name="next">Where to go now, by the page itself.</param>
    /// <param name="status">The answer's status.</param>
    public static IResult Page(string? fault, string? to, string? next, int status) =>
        new RazorComponentResult<LoginPage>(new { Fault = fault, To = to, Next = next }) { StatusCode = status };

    /// <summary>A cookie is good for as long as its session is there.</summary>
    private static async Task ValidateAsync(CookieValidatePrincipalContext context, OpenSessions sessions)
    {
        if (context.Principal is { } user && sessions.Sees(Actor.Of(user).Session)) return;
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync();
    }

    /// <summary>People paste the whole link.</summary>
    private static string CodeIn(string pasted)
    {
        const string mark = "code=";
        int at = pasted.IndexOf(mark, StringComparison.Ordinal);
        return (at < 0 ? pasted : pasted[(at + mark.Length)..]).Trim();
    }
}
