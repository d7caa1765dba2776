using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.Access;
using Quintet.Console.DeadLetters;
using Quintet.Console.Jobs;
using Quintet.Console.Parts;
using Quintet.Console.Records;
using Quintet.Console.Tests.Systems;
using RabbitMQ.Client;

namespace Quintet.Console.Tests.DeadLetters;

public sealed class LetterWorkTests
{
    private const string Home = "orders.placed";
    private const string Dead = "orders.placed.dead";
    private const string Unanswered = "HttpRequestException in orders.placed: users/… answered 503";

    private static readonly Actor Ann = new("ann", ConsoleRole.Operator, "127.0.0.1", DateTimeOffset.MaxValue);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letters_that_died_of_the_same_go_back_together_and_the_others_stay()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(Cancellation);
        await BuryAsync(broker, 120, number => number % 2 == 0 ? $"users/{number} answered 503" : $"users/{number} answered 404");
        LetterDesk desk = Clients(broker).Letters!;

        LetterWork work = await DoAsync(
            broker, new Deed("redrive", Dead), w => desk.RedriveAsync(Dead, new LetterChoice([], [Unanswered]), null, w.Report, w.Stopping));

        Assert.Null(work.Fault);
        Assert.Equal("60 messages went to orders.placed.", work.Summary);
        Assert.Equal(new LetterProgress(120, 120), work.Progress);
        Assert.Equal(LetterFate.Moved("letter-118", Home), work.Fates[0]);
        Assert.Equal((60u, 60u), (await broker.CountAsync(Home, Cancellation), await broker.CountAsync(Dead, Cancellation)));
        AuditEntry entry = broker.Console.Services.GetRequiredService<AuditLog>().Newest(1).Single();
        Assert.Equal(("ann", "redrive", "done", work.Summary), (entry.Who, entry.Action, entry.Outcome, entry.Result));
    }

    [Fact]
    public async Task What_became_of_each_is_told_with_the_reason_of_what_stayed()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(Cancellation);
        await BuryAsync(broker, 2, _ => "no");
        await broker.Channel.QueueDeleteAsync(Home, cancellationToken: Cancellation);
        LetterDesk desk = Clients(broker).Letters!;

        LetterWork work = await DoAsync(
            broker, new Deed("redrive", Dead), w => desk.RedriveAsync(Dead, LetterChoice.OfIds(["letter-1", "gone"]), null, w.Report, w.Stopping));

        Assert.Equal(
            [LetterFate.Stayed("gone", "there is no message 'gone'"), LetterFate.Stayed("letter-1", "there is no queue 'orders.placed'")], work.Fates);
        Assert.Equal(2u, await broker.CountAsync(Dead, Cancellation));
    }

    [Fact]
    public async Task Stopped_work_leaves_the_rest_where_it_was_and_says_what_it_did()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(Cancellation);
        await BuryAsync(broker, 50, _ => "no");
        LetterDesk desk = Clients(broker).Letters!;
        LetterWorks works = broker.Console.Services.GetRequiredService<LetterWorks>();
        works.Changed += queue =>
        {
            if (works.Of(queue) is { Progress.Looked: 10 }) _ = works.StopAsync(queue, Ann);
        };

        LetterWork work = await DoAsync(broker, new Deed("discard", Dead), w => desk.DiscardAsync(Dead, LetterChoice.Everything, w.Report, w.Stopping));

        Assert.StartsWith("It was stopped. Before that: ", work.Fault, StringComparison.Ordinal);
        Assert.Equal(50u - (uint)work.Fates.Count, await broker.CountAsync(Dead, Cancellation));
        Assert.Equal(
            [("stop", "done"), ("discard", "failed")],
            broker.Console.Services.GetRequiredService<AuditLog>().Newest(2).Select(entry => (entry.Action, entry.Outcome)));
    }

    [Fact]
    public async Task A_queue_is_worked_on_by_one_at_a_time_and_by_no_viewer()
    {
        await using RunningConsole console = await RunningConsole.StartAsync();
        LetterWorks works = console.Services.GetRequiredService<LetterWorks>();
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        await works.BeginAsync(Dead, Ann, new Deed("redrive", Dead), _ => held.Task);
        ArgumentException second = await Assert.ThrowsAsync<ArgumentException>(
            () => works.BeginAsync(Dead, Ann, new Deed("discard", Dead), _ => Task.CompletedTask));
        await Assert.ThrowsAsync<ForbiddenException>(
            () => works.BeginAsync("other", Ann with { Role = ConsoleRole.Viewer }, new Deed("redrive", "other"), _ => Task.CompletedTask));
        await Assert.ThrowsAsync<ForbiddenException>(() => works.StopAsync(Dead, Ann with { Role = ConsoleRole.Viewer }));
        Assert.False(works.Of(Dead)!.Stopping.IsCancellationRequested);
        held.SetResult();

        Assert.Contains("ann is at it: redrive", second.Message, StringComparison.Ordinal);
        Assert.Null(works.Of("other"));
    }

    [Theory]
    [InlineData("users/184 answered 503", "users/… answered 503")]
    [InlineData("order 01975a3e-7f3c-7c1e-b1ab-0f3d6a5a7e11 was added twice", "order … was added twice")]
    [InlineData("no answer within 10.5 s", "no answer within ….… s")]
    [InlineData("the face of a cafe", "the face of a cafe")]
    public void Errors_that_differ_in_numbers_alone_have_one_cause(string text, string cause)
    {
        Assert.Equal($"Odd in q: {cause}", new Death("q", "Odd", text).Cause);
    }

    private static PartClients Clients(RunningBroker broker) => broker.Console.Services.GetRequiredService<PartClients>();

    private static async Task<LetterWork> DoAsync(RunningBroker broker, Deed deed, Func<LetterWork, Task> does)
    {
        LetterWorks works = broker.Console.Services.GetRequiredService<LetterWorks>();
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        works.Changed += queue =>
        {
            if (works.Of(queue) is { IsOver: true }) over.TrySetResult();
        };
        await works.BeginAsync(deed.Target, Ann, deed, does);
        await over.Task.WaitAsync(Cancellation);
        return works.Of(deed.Target)!;
    }

    /// <summary>As the chassis does when it gives a message up.</summary>
    private static async Task BuryAsync(RunningBroker broker, int count, Func<int, string> error)
    {
        await broker.Channel.QueueDeclareAsync(Home, durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancellation);
        await broker.Channel.QueueDeclareAsync(Dead, durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancellation);
        for (int number = 0; number < count; number++)
        {
            BasicProperties properties = new()
            {
                MessageId = $"letter-{number}",
                Headers = new Dictionary<string, object?>
                {
                    ["x-quintet-queue"] = Home, ["x-quintet-reason"] = "HttpRequestException", ["x-quintet-reason-text"] = error(number),
                },
            };
            await broker.Channel.BasicPublishAsync("", Dead, mandatory: true, properties, "{}"u8.ToArray(), Cancellation);
        }
    }
}
