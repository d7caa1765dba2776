using Microsoft.Extensions.Options;
using Quintet.Chassis;
using Quintet.Hosting.Settings;

namespace Quintet.Notifications.Mail;

internal static class MailExtensions
{
    /// <summary>SMTP when <c>Mail:Smtp:Host</c> is set, else the pickup folder.</summary>
    public static WebApplicationBuilder AddMail(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<MailOptions>(builder.Configuration, "Mail");
        builder.Services.AddSingleton<IMailSender>(services =>
        {
            IOptionsMonitor<MailOptions> options = services.GetRequiredService<IOptionsMonitor<MailOptions>>();
            TimeProvider time = services.GetRequiredService<TimeProvider>();
            if (!string.IsNullOrEmpty(options.CurrentValue.Smtp.Host)) return new SmtpSender(options, time);

            string folder = options.CurrentValue.Directory ?? builder.Configuration["MAIL_DIRECTORY"]
                ?? Path.Combine(services.GetRequiredService<ChassisOptions>().DataFolder, "mail");
            return new PickupFolder(Path.GetFullPath(folder), options, time);
        });
        return builder;
    }
}
