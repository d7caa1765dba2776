using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;

namespace Quintet.Notifications.Mail;

/// <summary>
/// Hands mails to an SMTP server. When the process dies between the server's acceptance and the inbox row, the mail goes out again, with the
/// same Message-ID.
/// </summary>
internal sealed class SmtpSender(IOptionsMonitor<MailOptions> options, TimeProvider time) : IMailSender
{
    public string Place => $"SMTP {options.CurrentValue.Smtp.Host}";

    public async Task SendAsync(OutgoingMail mail, CancellationToken cancellation)
    {
        MailOptions settings = options.CurrentValue;
        using CancellationTokenSource late = new(settings.Smtp.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        using var message = mail.ToMessage(settings, time.GetUtcNow());
        using SmtpClient client = new();
        await client.ConnectAsync(settings.Smtp.Host!, settings.Smtp.Port, Protection(settings.Smtp), either.Token);
        if (settings.Smtp.User is { } user) await client.AuthenticateAsync(user, settings.Smtp.Password?.Reveal() ?? "", either.Token);
        await client.SendAsync(message, either.Token);
        await client.DisconnectAsync(quit: true, either.Token);
    }

    private static SecureSocketOptions Protection(SmtpOptions smtp) => smtp.Security switch
    {
        SmtpSecurity.None => SecureSocketOptions.None,
        SmtpSecurity.Required => smtp.Port == 465 ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.StartTls,
        _ => smtp.Port == 465 ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.StartTlsWhenAvailable,
    };
}
