using MimeKit;
using Quintet.Notifications.Mail;
using Quintet.Notifications.Tests.Doubles;
using Xunit;

namespace Quintet.Notifications.Tests.Mail;

public sealed class MailTests
{
    [Fact]
    public async Task Line_ends_in_a_name_or_subject_start_no_header()
    {
        OutgoingMail mail = new("event-1", "Eve\r\nBcc: all@example.org", "eve@example.org", "Hi\r\nX-Evil: yes\r\n\r\nbody", "text");

        using MemoryStream written = new();
        await mail.ToMessage(new MailOptions(), DateTimeOffset.UnixEpoch).WriteToAsync(written, TestContext.Current.CancellationToken);

        written.Position = 0;
        MimeMessage read = await MimeMessage.LoadAsync(written, TestContext.Current.CancellationToken);
        Assert.Null(read.Headers["X-Evil"]);
        Assert.Empty(read.Bcc);
        Assert.Equal("eve@example.org", read.To.Mailboxes.Single().Address);
    }

    [Theory]
    [InlineData("../up")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("a\0b")]
    public async Task An_id_from_outside_becomes_no_path(string id)
    {
        using TestKit.Files.TempFolder folder = new();
        PickupFolder pickup = new(folder["mail"], new FixedOptions(new MailOptions()), TimeProvider.System);

        await Assert.ThrowsAsync<ArgumentException>(() => pickup.SendAsync(new(id, "Eve", "eve@example.org", "s", "t"), TestContext.Current.CancellationToken));

        Assert.False(Directory.Exists(folder["mail"]));
    }

    [Fact]
    public async Task With_a_server_a_mail_goes_by_smtp_and_a_refusal_is_an_error()
    {
        await using SmtpDouble server = new();
        MailOptions options = new() { Smtp = { Host = "127.0.0.1", Port = server.Port } };
        SmtpSender sender = new(new FixedOptions(options), TimeProvider.System);

        await sender.SendAsync(new("event-1", "Ada", "ada@example.org", "Welcome", "text"), TestContext.Current.CancellationToken);
        server.Refusal = "451 try again later";
        await Assert.ThrowsAnyAsync<MailKit.Net.Smtp.SmtpCommandException>(
            () => sender.SendAsync(new("event-2", "Ada", "ada@example.org", "Welcome", "text"), TestContext.Current.CancellationToken));

        string mail = Assert.Single(server.Mails);
        Assert.Contains("Message-Id: <event-1@quintet.example>", mail, StringComparison.Ordinal);
        Assert.Contains("To: Ada <ada@example.org>", mail, StringComparison.Ordinal);
    }

    private sealed class FixedOptions(MailOptions options) : Microsoft.Extensions.Options.IOptionsMonitor<MailOptions>
    {
        public MailOptions CurrentValue => options;

        public MailOptions Get(string? name) => options;

        public IDisposable? OnChange(Action<MailOptions, string?> listener) => null;
    }
}
