using Quintet.EndToEnd.Operating;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Drills;

/// <summary>
/// Users sign up while everything around them fails; afterwards every accepted user is there once and has one mail, and nothing is left over.
/// </summary>
internal sealed class Drill(RunningSystem running, DrillPlan plan, Mailbox mailbox, DrillLog log)
{
    private readonly SignUps _signUps = new(running.System, plan, log);
    private readonly Books _books = new(running.DatabaseOf);

    private QuintetSystem System => running.System;

    public async Task RunAsync(CancellationToken cancellation)
    {
        await ArrangeAsync(cancellation);
        Repeater repeater = new(() => System.Variables["AMQP_URL"], plan.Seed, log);
        using CancellationTokenSource enough = new();
        using CancellationTokenSource repeated = new();
        Task signingUp = _signUps.RunAsync(enough.Token, cancellation);
        Task repeating = repeater.RunAsync(repeated.Token);

        await FailAsync(signingUp, cancellation);
        await enough.CancelAsync();
        await signingUp;
        log.Say($"{_signUps.Accepted.Count} users accepted; settling");
        await repeated.CancelAsync();
        await repeating;
        await System.BecomeReadyAsync(cancellation);
        await repeater.RemoveAsync(cancellation);
        foreach ((string cause, int count) in log.Causes.OrderByDescending(cause => cause.Value)) log.Say($"{count,6} refusals: {cause}");

        await SettleAsync(cancellation);
        log.Say($"settled; {repeater.Repeated} events were delivered once more");
        await CheckAsync(cancellation);
        await System.MustRunAsync(["scale", "users=1", "notifications=1"], cancellation);
    }

    private Task ArrangeAsync(CancellationToken cancellation) => System.MustRunAsync(["scale", "users=2", "notifications=2"], cancellation);

    private async Task FailAsync(Task signingUp, CancellationToken cancellation)
    {
        Dictionary<string, Fault> faults = new Faults(running, ArrangeAsync, log).All().ToDictionary(fault => fault.Name);
        int atLeast = plan.Rounds * faults.Count;
        int done = 0;
        foreach ((string name, TimeSpan length, int acceptedAfter) in plan.Faults([.. faults.Keys]))
        {
            if (signingUp.IsFaulted) break; // its exception is told by whoever awaits it
            if (done++ >= atLeast && _signUps.Accepted.Count >= plan.Users) break;
            log.Say($"fault {done}: {name} ({length.TotalSeconds:0.0} s), {_signUps.Accepted.Count} accepted");
            await faults[name].DoAsync(length, cancellation);
            await AcceptAsync(acceptedAfter, signingUp, cancellation);
        }
    }

    /// <summary>The system is at work again: so many more users are accepted.</summary>
    private async Task AcceptAsync(int more, Task signingUp, CancellationToken cancellation)
    {
        int wanted = _signUps.Accepted.Count + more;
        await Eventually.GetAsync(
            $"{wanted} users are accepted ({log.Path})",
            () => Task.FromResult(_signUps.Accepted.Count >= wanted || signingUp.IsFaulted ? "yes" : null),
            cancellation,
            DrillPlan.RetriesLast);
    }

    /// <summary>Waits until nothing is on its way any more: outbox empty, queues empty, a mail for everybody.</summary>
    private async Task SettleAsync(CancellationToken cancellation)
    {
        string state = "";
        await Eventually.GetAsync(
            $"everything is settled ({log.Path})",
            async () =>
            {
                long waiting = (await _books.OutboxAsync(cancellation)).GetValueOrDefault(0);
                long queued = await QueuedAsync(cancellation);
                int mails = MailsByAddress().Count;
                string now = $"{waiting} in the outbox, {queued} in queues, {mails} of {_signUps.Accepted.Count} have mail";
                if (now != state) log.Say(now);
                state = now;
                return waiting == 0 && queued == 0 && mails >= _signUps.Accepted.Count ? "yes" : null;
            },
            cancellation,
            DrillPlan.RetriesLast);
    }

    private async Task CheckAsync(CancellationToken cancellation)
    {
        Assert.Empty(_signUps.Wrong);
        IReadOnlyDictionary<string, long> users = await _books.UsersAsync(_signUps.Domain, cancellation);
        Assert.Equal(_signUps.Accepted.OrderBy(user => user.Key), users.OrderBy(user => user.Key));

        ILookup<string, Mail> mails = MailsByAddress();
        Assert.Equal(users.Keys.Order(), mails.Select(mail => mail.Key).Order());
        if (mailbox.MayRepeat) log.Say($"{mails.Count(address => address.Count() > 1)} mails came more than once");
        Assert.All(mails, address => Assert.Single(mailbox.MayRepeat ? address.DistinctBy(mail => mail.MessageId) : address));

        HashSet<long> ids = [.. users.Values];
        Assert.Equal(ids.Order(), (await _books.WelcomesAsync(cancellation)).Where(ids.Contains).Order());
        IReadOnlyDictionary<long, long> outbox = await _books.OutboxAsync(cancellation);
        Assert.Equal([1L], outbox.Keys); // sent: none is waiting, unclaimed or set aside
        HashSet<string> subjects = [.. ids.Select(id => $"users/{id}")];
        Assert.Equal(subjects.Order(), (await _books.SentAsync("users.user-created", cancellation)).Where(subjects.Contains).Order());
    }

    /// <summary>Messages in queues of the services, the retries and the dead letters among them.</summary>
    private async Task<long> QueuedAsync(CancellationToken cancellation)
    {
        using ManagementView view = new(System);
        return (await view.QueuesAsync(cancellation))
            .Where(queue => queue.Name.Contains('.', StringComparison.Ordinal) && queue.Name != "events.history").Sum(queue => queue.Messages);
    }

    private ILookup<string, Mail> MailsByAddress() =>
        mailbox.Read().Where(mail => mail.Address.EndsWith($"@{_signUps.Domain}", StringComparison.Ordinal)).ToLookup(mail => mail.Address);
}
