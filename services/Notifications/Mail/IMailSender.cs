namespace Quintet.Notifications.Mail;

/// <summary>Where mails go: an SMTP server or a folder.</summary>
internal interface IMailSender
{
    /// <summary>Returns when the other side has taken the mail over.</summary>
    public Task SendAsync(OutgoingMail mail, CancellationToken cancellation);
}
