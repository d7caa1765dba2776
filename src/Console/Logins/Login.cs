using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Quintet.Console.Access;
using Quintet.Console.Records;

namespace Quintet.Console.Logins;

/// <summary>One login.</summary>
internal sealed class Login(IOptions<ConsoleOptions> options, LoginAttempts attempts, UsedCodes used, OpenSessions sessions, AuditLog audit, TimeProvider time)
{
    private readonly AccessOptions _access = options.Value.Access;

    public async Task<IResult> EnterAsync(HttpContext context, string code, string? to)
    {
        string address = context.Connection.RemoteIpAddress?.ToString() ?? "";
        if (attempts.WaitOf(context.Connection.RemoteIpAddress) is var wait && wait > TimeSpan.Zero)
        {
            await AccessProblems.TooManyLogins(context, wait);
            return TypedResults.Empty;
        }

        LoginClaim? claim = _access.LinkKey is { } key ? LoginLink.Read(key.Reveal(), code) : null;
        if (FaultOf(claim) is { } fault)
        {
            attempts.Failed(context.Connection.RemoteIpAddress);
            Actor stranger = new(claim?.Name ?? "somebody", claim?.Role ?? ConsoleRole.Viewer, address, default);
            audit.Note(stranger, new Deed("login", "console"), "refused", fault);
            return LoginRoutes.Page(fault, to, null, StatusCodes.Status401Unauthorized);
        }

        Actor actor = sessions.Begin(new Actor(claim!.Name, claim.Role, address, time.GetUtcNow() + _access.SessionLifetime));
        audit.Note(actor, new Deed("login", "console"), "done", $"as {claim.Role.ToString().ToLowerInvariant()}");
        await context.SignInAsync(actor.ToPrincipal("link"));
        // Not a redirect: one that follows a link in another site's page (a mail, a ticket) would not carry the new SameSite=Strict cookie.
        return LoginRoutes.Page(null, null, IsLocal(to) ? to : "/", StatusCodes.Status200OK);
    }

    private string? FaultOf(LoginClaim? claim)
    {
        if (_access.LinkKey is null) return "This console was started without Console:Access:LinkKey, so there are no login links.";
        if (claim is null) return "This is not a link of this console.";
        TimeSpan age = time.GetUtcNow() - claim.Made;
        if (age > _access.LinkLifetime || -age > _access.LinkLifetime) return "This link is too old.";
        return used.TryTake(claim.Nonce) ? null : "This link was used already.";
    }

    /// <summary>A path of this console and nothing that a browser takes for another host.</summary>
    private static bool IsLocal(string? path) =>
        path is ['/', ..] && !path.StartsWith("//", StringComparison.Ordinal) && !path.Contains('\\', StringComparison.Ordinal);
}
