namespace Quintet.Users.Users;

/// <summary>Somebody who signed up.</summary>
internal sealed class User
{
    public const int NameMax = 200;
    public const int DeletionIdMax = 36; // a UUID as text
    public const int EmailMax = 254; // RFC 5321 §4.5.3.1.3, a path without its angle brackets

    public long Id { get; init; }

    public required string Name { get; set; }

    /// <summary>As it was given.</summary>
    public required string Email { get; set; }

    /// <summary>As it is compared: two spellings that differ in case alone are one mailbox everywhere that matters.</summary>
    public required string EmailKey { get; set; }

    /// <summary>Counts changes; the entity tag.</summary>
    public long Version { get; set; } = 1;

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The run that deletes it; null for everybody who stays.</summary>
    public string? DeletionId { get; set; }

    public void Take(UserDraft draft)
    {
        Name = draft.Name!.Trim();
        Email = draft.Email!.Trim();
        EmailKey = KeyOf(Email);
    }

    public static string KeyOf(string email) => email.Trim().ToLowerInvariant();
}
