using System.Globalization;
using System.Security.Claims;

namespace Quintet.Console.Access;

/// <summary>Whoever looks at a page or calls the API.</summary>
/// <param name="Name">For the audit log.</param>
/// <param name="Role">What they may do.</param>
/// <param name="Address">Where they are.</param>
/// <param name="Until">The end of their session: a page that stays open beyond it changes nothing any more.</param>
internal sealed record Actor(string Name, ConsoleRole Role, string Address, DateTimeOffset Until)
{
    public const string AddressClaim = "quintet:address";
    public const string UntilClaim = "quintet:until";
    public const string SessionClaim = "quintet:session";

    /// <summary>The policy of what changes something.</summary>
    public const string OperatorPolicy = nameof(ConsoleRole.Operator);

    /// <summary>The id of their session; empty for a program, and where no login is needed.</summary>
    public string Session { get; init; } = "";

    public bool MayChange => Role == ConsoleRole.Operator;

    public static Actor Of(ClaimsPrincipal user) => new(
        user.FindFirstValue(ClaimTypes.Name) ?? "nobody",
        user.IsInRole(nameof(ConsoleRole.Operator)) ? ConsoleRole.Operator : ConsoleRole.Viewer,
        user.FindFirstValue(AddressClaim) ?? "",
        long.TryParse(user.FindFirstValue(UntilClaim), NumberStyles.None, CultureInfo.InvariantCulture, out long until)
            ? DateTimeOffset.FromUnixTimeSeconds(until)
            : DateTimeOffset.MinValue)
    {
        Session = user.FindFirstValue(SessionClaim) ?? "",
    };

    public ClaimsPrincipal ToPrincipal(string scheme) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.Name, Name),
            new Claim(ClaimTypes.Role, Role.ToString()),
            new Claim(AddressClaim, Address),
            new Claim(UntilClaim, Until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            new Claim(SessionClaim, Session),
        ],
        scheme));
}

/// <summary>Somebody wants what their role does not allow.</summary>
internal sealed class ForbiddenException(string message) : Exception(message);
