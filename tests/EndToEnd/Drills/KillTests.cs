using System.Collections.Concurrent;
using System.Net;
using Quintet.EndToEnd.Operating;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Drills;

/// <summary>SIGKILL to each part in turn while users sign up: it comes back, and every accepted user has exactly one mail.</summary>
public sealed class KillTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gateway")]
    [InlineData("registry")]
    [InlineData("broker")]
    [InlineData("config")]
    [InlineData("users")]
    [InlineData("notifications")]
    public async Task A_killed_part_comes_back_and_nothing_is_lost_or_sent_twice(string part)
    {
        QuintetSystem system = running.System;
        await system.BecomeReadyAsync(Cancellation);
        var accepted = new ConcurrentQueue<string>();
        using var enough = new CancellationTokenSource();
        Task signUps = SignUpAsync(system, $"kill-{part}", accepted, enough.Token);
        await Eventually.TrueAsync("some users signed up before", () => Task.FromResult(accepted.Count >= 5), Cancellation);

        await running.KillAsync(part, Cancellation);

        await system.BecomeReadyAsync(Cancellation);
        int before = accepted.Count;
        await Eventually.TrueAsync("users sign up after", () => Task.FromResult(accepted.Count >= before + 5), Cancellation);
        await enough.CancelAsync();
        await signUps;

        await EveryOneHasExactlyOneMailAsync(system, accepted);
    }

    [Fact]
    public async Task With_two_instances_the_other_answers_while_one_is_down()
    {
        QuintetSystem system = running.System;
        int id = (await system.SignUpAsync("Two", "two-instances@example.org", Cancellation)).GetValueOrDefault();
        await system.MustRunAsync(["scale", "users=2"], Cancellation);
        PartProcess[] both = [.. await system.ProcessesOfAsync("users", Cancellation)];
        await AnswerAsync(both, $"/users/{id}");
        PartProcess victim = both[0];

        Signal.Kill(victim.Pid);
        for (int i = 0; i < 200; i++)
            await Answers.AreAsync(HttpStatusCode.OK, await system.Gateway.GetAsync($"/users/{id}", Cancellation), Cancellation);

        await system.BecomeReadyAsync(Cancellation);
        await system.MustRunAsync(["scale", "users=1"], Cancellation);
    }

    /// <summary>The gateway knows of all of them: each has answered.</summary>
    private Task AnswerAsync(PartProcess[] instances, string path)
    {
        int earlier = running.Telemetry.Spans.Count;
        return Eventually.TrueAsync(
            $"each of {string.Join(", ", instances.Select(instance => instance.Instance))} answers",
            async () =>
            {
                (await running.System.Gateway.GetAsync(path, Cancellation)).EnsureSuccessStatusCode();
                HashSet<string> answered = [.. running.Telemetry.Spans.Skip(earlier).Select(span => span.Instance)];
                return instances.All(instance => answered.Contains(instance.Instance));
            },
            Cancellation);
    }

    private static async Task SignUpAsync(QuintetSystem system, string prefix, ConcurrentQueue<string> accepted, CancellationToken enough)
    {
        for (int i = 0; !enough.IsCancellationRequested; i++)
        {
            string email = $"{prefix}-{i}@example.org";
            await system.SignUpAsync(prefix, email, Cancellation);
            accepted.Enqueue(email);
        }
    }

    private static async Task EveryOneHasExactlyOneMailAsync(QuintetSystem system, ConcurrentQueue<string> accepted)
    {
        string[] missing = [];
        try
        {
            await Eventually.TrueAsync(
                "every accepted user has a mail",
                () =>
                {
                    ILookup<string, Mail> mails = system.Mails().ToLookup(mail => mail.Address);
                    missing = [.. accepted.Where(email => !mails.Contains(email))];
                    return Task.FromResult(missing.Length == 0);
                },
                Cancellation,
                deadline: DrillPlan.RetriesLast);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{missing.Length} of {accepted.Count} without a mail, such as {missing.FirstOrDefault()}\n{await WhereAsync(system)}");
        }

        ILookup<string, Mail> all = system.Mails().ToLookup(mail => mail.Address);
        Assert.All(accepted, email => Assert.Single(all[email]));
    }

    /// <summary>Where events may be that did not come to their end, for the failure of a test.</summary>
    private static async Task<string> WhereAsync(QuintetSystem system)
    {
        using ManagementView view = new(system);
        IEnumerable<string> queues = (await view.QueuesAsync(Cancellation))
            .Where(queue => queue.Messages > 0).Select(queue => $"{queue.Name}: {queue.Messages}");
        return $"{string.Join('\n', queues)}\n{await system.MustRunAsync(["status"], Cancellation)}\n"
            + await system.MustRunAsync(["logs", "notifications", "--lines", "60"], Cancellation);
    }
}
