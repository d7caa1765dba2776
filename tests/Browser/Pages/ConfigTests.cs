using Quintet.Browser.Systems;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Browser.Pages;

public sealed class ConfigTests(WatchedSystem watched)
{
    private const string Subject = "Good to see you, {name}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_subject_is_edited_and_the_next_mail_takes_it()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        await ann.OpenAsync("/config/notifications", Cancellation);
        await EditAsync(ann, "application.yml", "Welcome:\n  Subject: For everybody\n");
        await EditAsync(ann, "notifications.yml", $"Welcome:\n  Subject: \"{Subject}\"\n");

        await ann.SaysAsync(Subject, Cancellation);
        await ann.ShowsAsync("tr.overridden s", Cancellation);
        await ann.SaysAsync("For everybody", Cancellation);
        int attempt = 0;
        await Eventually.TrueAsync(
            "a mail has the new subject",
            async () =>
            {
                string email = $"subject-{++attempt}@example.org";
                await watched.System.SignUpAsync("Eve", email, Cancellation);
                return (await watched.System.MailToAsync(email, Cancellation)).Subject == "Good to see you, Eve";
            },
            Cancellation);
        await ann.OpenAsync("/audit?q=configure", Cancellation);
        await ann.SaysAsync("notifications.yml is committed as", Cancellation);
    }

    private static async Task EditAsync(Visitor visitor, string file, string text)
    {
        await visitor.ClickAsync($"Edit {file}…", "#content", Cancellation);
        visitor.Write("#content", text);
        await visitor.ClickAsync("Commit", "dialog .done", Cancellation);
        await visitor.CloseAsync(Cancellation);
    }
}
