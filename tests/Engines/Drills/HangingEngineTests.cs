using Quintet.EndToEnd;
using Xunit;

namespace Quintet.Engines.Drills;

/// <summary>An engine that neither answers nor refuses (SIGSTOP): users sign up on, and have their mail when it goes on.</summary>
public sealed class HangingEngineTests(RunningSystem running)
{
    private const int Users = 10;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_RabbitMQ_hangs_users_sign_up_and_their_mails_come_afterwards()
    {
        await running.System.BecomeReadyAsync(Cancellation);
        running.Rabbit.Pause();
        try
        {
            await SignUpAsync("rabbit-hangs");
            Assert.DoesNotContain(running.System.Mails(), mail => mail.To.Contains("rabbit-hangs", StringComparison.Ordinal));
        }
        finally
        {
            running.Rabbit.Resume();
        }

        await EveryOneHasOneMailAsync("rabbit-hangs");
    }

    [Fact]
    public async Task While_Consuls_servers_hang_users_sign_up_and_have_their_mails()
    {
        await running.System.BecomeReadyAsync(Cancellation);
        running.Consul.PauseServers();
        try
        {
            await SignUpAsync("consul-hangs");
            await EveryOneHasOneMailAsync("consul-hangs");
        }
        finally
        {
            running.Consul.ResumeServers();
        }

        await running.System.BecomeReadyAsync(Cancellation);
    }

    private async Task SignUpAsync(string prefix)
    {
        for (int i = 0; i < Users; i++) await running.System.SignUpAsync(prefix, $"{prefix}-{i}@example.org", Cancellation);
    }

    private async Task EveryOneHasOneMailAsync(string prefix)
    {
        for (int i = 0; i < Users; i++) await running.System.MailToAsync($"{prefix}-{i}@example.org", Cancellation);
        Assert.Equal(Users, running.System.Mails().Count(mail => mail.To.Contains(prefix, StringComparison.Ordinal)));
    }
}
