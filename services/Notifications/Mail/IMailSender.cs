namespace Quintet.Notifications.Mail;

/// <summary>Where mails go: an SMTP server or a folder.</summary>
internal interface IMailSender
{
    /// <summary>For a story: <c>pickup folder</c>, <c>SMTP mail.example.org</c>.</summary>
    public string Place { get; }

    /// <summary>Returns when the other side has taken the mail over.</summary>
    public Task SendAsync(OutgoingMail mail, CancellationToken cancellation);
}
