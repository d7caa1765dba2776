using System.ComponentModel.DataAnnotations;
using Quintet.Hosting.Settings;

namespace Quintet.Notifications.Mail;

/// <summary>Section <c>Mail</c>. Whether mails go by SMTP is decided at start; the rest is read for each mail.</summary>
internal sealed class MailOptions
{
    /// <summary>The sender. Default <c>Quintet &lt;welcome@quintet.example&gt;</c>, an address that cannot exist (RFC 2606).</summary>
    [Required]
    public string From { get; set; } = "Quintet <welcome@quintet.example>";

    /// <summary>
    /// The pickup folder, used while no SMTP server is set. Default <c>MAIL_DIRECTORY</c> of the environment, else <c>mail</c> in the service's
    /// data folder.
    /// </summary>
    public string? Directory { get; set; }

    /// <summary>The SMTP server.</summary>
    public SmtpOptions Smtp { get; set; } = new();
}

/// <summary>Section <c>Mail:Smtp</c>.</summary>
internal sealed class SmtpOptions
{
    /// <summary>Its name or address; null (default) means no SMTP: mails go into the pickup folder.</summary>
    public string? Host { get; set; }

    /// <summary>Its port. Default 587, message submission (RFC 6409).</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    /// <summary>The account; null means no authentication.</summary>
    public string? User { get; set; }

    /// <summary>The account's password.</summary>
    public Secret? Password { get; set; }

    /// <summary>
    /// <c>Auto</c> (default: TLS from the start on port 465, else STARTTLS where offered), <c>Required</c> (refuses to send in clear) or <c>None</c>.
    /// </summary>
    public SmtpSecurity Security { get; set; } = SmtpSecurity.Auto;

    /// <summary>How long one mail may take. Default 20 s, below the handler's limit.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);
}

/// <summary>How the connection to the SMTP server is protected.</summary>
internal enum SmtpSecurity
{
    /// <summary>As well as the server can.</summary>
    Auto,

    /// <summary>By TLS or not at all.</summary>
    Required,

    /// <summary>Not: for a relay on this machine.</summary>
    None,
}
