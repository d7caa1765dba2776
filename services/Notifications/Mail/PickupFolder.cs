using Microsoft.Extensions.Options;

namespace Quintet.Notifications.Mail;

/// <summary>
/// Puts mails as files into a folder, <c>&lt;id&gt;.eml</c>: written under a temporary name, synced, renamed. Who reads the folder sees whole
/// mails only, and a repetition replaces itself.
/// </summary>
internal sealed class PickupFolder(string folder, IOptionsMonitor<MailOptions> options, TimeProvider time) : IMailSender
{
    public string Folder => folder;

    public string Place => "pickup folder";

    public async Task SendAsync(OutgoingMail mail, CancellationToken cancellation)
    {
        // The id comes from an event, that is from outside: it must not become a path.
        if (mail.Id.Length is 0 or > 100 || mail.Id.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
            throw new ArgumentException($"'{mail.Id}' cannot name a mail: letters, digits, '-' and '_' only", nameof(mail));

        Directory.CreateDirectory(folder);
        string temporary = Path.Combine(folder, $".{mail.Id}.{Guid.NewGuid():N}.tmp");
        using var message = mail.ToMessage(options.CurrentValue, time.GetUtcNow());
        try
        {
            await using (FileStream file = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                await message.WriteToAsync(file, cancellation);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, Path.Combine(folder, $"{mail.Id}.eml"), overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
