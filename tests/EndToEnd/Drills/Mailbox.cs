using Quintet.TestKit.Systems;

namespace Quintet.EndToEnd.Drills;

/// <summary>Where the mails of a drill arrive.</summary>
/// <param name="Read">All that has arrived.</param>
/// <param name="MayRepeat">
/// SMTP has no transaction with the sender: a mail whose acceptance was lost is sent again with the same Message-ID. In a pickup folder a repeat
/// replaces the file.
/// </param>
internal sealed record Mailbox(Func<IReadOnlyList<Mail>> Read, bool MayRepeat)
{
    public static Mailbox Pickup(QuintetSystem system) => new(system.Mails, MayRepeat: false);

    public static Mailbox Smtp(SmtpProcess server) => new(server.Mails, MayRepeat: true);
}
