using System.Net.Mail;
using Quintet.Chassis.Http;

namespace Quintet.Users.Users;

/// <summary>What a client sends to create or change a user.</summary>
internal sealed record UserDraft(string? Name, string? Email)
{
    public Faults Check() => new Faults()
        .Check(IsName(Name?.Trim()), "name", $"must be 1 to {User.NameMax} characters without control characters")
        .Check(IsEmail(Email?.Trim()), "email", $"must be an ASCII e-mail address of at most {User.EmailMax} characters");

    private static bool IsName(string? text) => text is { Length: > 0 and <= User.NameMax } && !text.Any(char.IsControl);

    // The form only, and no internationalised mailbox (RFC 6531), which not every mail server takes: whether the mailbox exists, the mail itself will tell.
    private static bool IsEmail(string? text) =>
        text is { Length: > 2 and <= User.EmailMax }
        && !text.Any(c => !char.IsAscii(c) || char.IsControl(c) || char.IsWhiteSpace(c) || c is '<' or '>' or ',' or ';')
        && MailAddress.TryCreate(text, out MailAddress? address)
        && address.Address == text
        && address.DisplayName.Length == 0;
}

/// <summary>A user as clients see it.</summary>
internal sealed record UserView(long Id, string Name, string Email)
{
    public static UserView Of(User user) => new(user.Id, user.Name, user.Email);
}

/// <summary>A page of users; <c>next</c> is the address of the page after it, absent on the last.</summary>
internal sealed record UserPage(IReadOnlyList<UserView> Users, string? Next);
