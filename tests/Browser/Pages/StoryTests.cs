using Quintet.Browser.Systems;
using Xunit;

namespace Quintet.Browser.Pages;

public sealed class StoryTests(WatchedSystem watched)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_story_whose_mail_cannot_be_written_says_what_it_waits_for_and_goes_on_when_it_can()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        int user;
        using (BrokenMail broken = new(watched.System.MailDirectory))
        {
            user = (await watched.System.SignUpAsync("Ann", "ann.story@example.org", Cancellation))!.Value;
            await ann.OpenAsync($"/stories?key=users/{user}", Cancellation);
            await ann.SaysAsync("attempt 1 in notifications.users.user-created", Cancellation);
            await ann.SaysAsync("failed after", Cancellation);
            await ann.SaysAsync("Stands behind notifications.users.user-created", Cancellation);
            await ann.SaysAsync("the next attempt", Cancellation);
            await ann.ClickAsync("beside a normal one", "table.story-pair", Cancellation);
            await ann.SaysAsync("only here", Cancellation);
            Assert.Empty(ann.Barriers());
        }

        await watched.System.MailToAsync("ann.story@example.org", Cancellation);
        await ann.OpenAsync($"/stories?key=users/{user}", Cancellation);
        await ann.SaysAsync("rows written: 1 added to users", Cancellation);
        await ann.SaysAsync("events → notifications.users.user-created", Cancellation);
        await ann.SaysAsync("inbox marked, acknowledged", Cancellation);
        Assert.False(ann.Has("Stands"));
    }
}
