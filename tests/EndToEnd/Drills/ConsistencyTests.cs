using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Drills;

/// <summary>
/// Nothing lost, nothing twice, while each part is killed, stopped, cut off or locked in turn. docs/operate/consistency.md says what is promised.
/// </summary>
public sealed class ConsistencyTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task Every_accepted_user_is_there_once_and_has_one_mail_whatever_fails() =>
        RunAsync("short", DrillPlan.Short(), Mailbox.Pickup(running.System));

    /// <summary>Ten thousand users: <c>tests/EndToEnd/drill</c>.</summary>
    [Fact(Explicit = true)]
    public Task Ten_thousand_accepted_users_are_there_once_and_have_one_mail_whatever_fails() =>
        RunAsync("long", DrillPlan.Long(), Mailbox.Pickup(running.System));

    /// <summary>A real server of somebody else's takes the mails: <c>tests/EndToEnd/drill-smtp</c>.</summary>
    [Fact(Explicit = true)]
    public async Task By_smtp_every_accepted_user_has_a_mail_and_its_repeats_are_known_by_their_message_id()
    {
        await using SmtpProcess server = await SmtpProcess.StartAsync(Cancellation);
        await running.System.ConfigureAsync("notifications.yml", $"mail:\n  smtp:\n    host: 127.0.0.1\n    port: {server.Port}\n", Cancellation);
        await running.System.MustRunAsync(["restart", "notifications"], Cancellation);

        await RunAsync("smtp", DrillPlan.Short(), Mailbox.Smtp(server));
    }

    private async Task RunAsync(string name, DrillPlan plan, Mailbox mailbox)
    {
        using DrillLog log = new(name, plan.Seed);
        await new Drill(running, plan, mailbox, log).RunAsync(Cancellation);
    }
}
