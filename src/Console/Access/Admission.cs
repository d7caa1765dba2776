using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Quintet.Console.Access;

/// <summary>Says who sends a request: the API takes a bearer token and no cookie, so that no page can use it unknown to its reader.</summary>
internal sealed class Admission(RequestDelegate next, IOptions<ConsoleOptions> options, LoginAttempts attempts, TimeProvider time)
{
    private const string Bearer = "Bearer ";

    private readonly AccessOptions _access = options.Value.Access;

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/api")) return ApiAsync(context);
        if (_access.Anonymous != AnonymousRole.None && context.User.Identity is not { IsAuthenticated: true })
            context.User = AnybodyFrom(context).ToPrincipal("anonymous");
        return next(context);
    }

    private Task ApiAsync(HttpContext context)
    {
        IPAddress? address = context.Connection.RemoteIpAddress;
        if (attempts.WaitOf(address) is var wait && wait > TimeSpan.Zero) return AccessProblems.TooManyLogins(context, wait);
        string given = context.Request.Headers.Authorization.ToString();
        ApiToken? token = given.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? _access.Tokens.Find(t => t.Secret!.Matches(given[Bearer.Length..].Trim()))
            : null;
        if (token is null)
        {
            if (given.Length > 0) attempts.Failed(address);
            context.User = new ClaimsPrincipal(new ClaimsIdentity());
            return AccessProblems.LoginNeeded(context);
        }

        context.User = new Actor(token.Name, token.Role, address?.ToString() ?? "", DateTimeOffset.MaxValue).ToPrincipal("token");
        return next(context);
    }

    private Actor AnybodyFrom(HttpContext context) => new(
        "anonymous",
        _access.Anonymous == AnonymousRole.Operator ? ConsoleRole.Operator : ConsoleRole.Viewer,
        context.Connection.RemoteIpAddress?.ToString() ?? "",
        time.GetUtcNow() + _access.SessionLifetime);
}
