using MimeKit;

namespace Quintet.Notifications.Mail;

/// <summary>A mail to be sent.</summary>
/// <param name="Id">Unique, and the same when it is sent again: name of the file and Message-ID.</param>
/// <param name="Name">Whom it is for.</param>
/// <param name="Address">Their address.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Text">The plain text.</param>
internal sealed record OutgoingMail(string Id, string Name, string Address, string Subject, string Text)
{
    /// <summary>The message (RFC 5322). Control characters of a name or subject do not reach the header lines.</summary>
    public MimeMessage ToMessage(MailOptions options, DateTimeOffset now)
    {
        MailboxAddress from = MailboxAddress.Parse(options.From);
        return new MimeMessage
        {
            From = { from },
            To = { new MailboxAddress(OneLine(Name), Address) },
            Subject = OneLine(Subject),
            Date = now,
            MessageId = $"{Id}@{from.Domain}",
            Body = new TextPart("plain") { Text = Text },
        };
    }

    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]);
}
