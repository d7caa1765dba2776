using System.Text.Json;
using Quintet.Client.Broker;
using Quintet.Console.DeadLetters;

namespace Quintet.Console.Tests.DeadLetters;

public sealed class DeadQueuesTests
{
    private const string Queue = "notifications.users.user-created";

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Of_a_chassis_queue_only_its_dead_letter_queue_is_one_whoever_consumes(int consumers)
    {
        QueueInfo[] queues =
        [
            Of(Queue, "notifications.dead", Queue, consumers), Of($"{Queue}.dead"),
            Of($"{Queue}.retry.1s", "notifications.requeue", Queue), Of($"{Queue}.retry.10s", "notifications.requeue", Queue),
        ];
        BindingInfo[] bindings =
        [
            Bound("events", Queue, "users.user-created"), Bound("notifications.requeue", Queue, Queue), Bound("notifications.dead", $"{Queue}.dead", Queue),
            Bound("notifications.retry", $"{Queue}.retry.1s", $"{Queue}.retry.1s"), Bound("notifications.retry", $"{Queue}.retry.10s", $"{Queue}.retry.10s"),
        ];

        Assert.Equal([$"{Queue}.dead"], EndsOf(queues, bindings));
        Assert.Equal([$"{Queue}.dead"], new DeadQueues(queues, bindings).TargetsOf(queues[0]));
    }

    [Fact]
    public void A_work_queue_and_the_delay_that_leads_back_to_it_are_none_though_nobody_consumes()
    {
        Assert.Empty(EndsOf([Of("work", "dlx", "delay"), Of("delay", "dlx", "work")], [Bound("dlx", "delay", "delay"), Bound("dlx", "work", "work")]));
        Assert.Empty(EndsOf([Of("work", "", "delay"), Of("delay", "", "work")]));
        // The application itself puts what failed into the delay, so that nothing but the delay's name says what it is.
        Assert.Empty(EndsOf([Of("work"), Of("work.retry.1s", "", "work")]));
    }

    [Fact]
    public void A_policy_makes_one_as_arguments_do_and_its_end_may_be_under_it_itself()
    {
        QueueInfo[] queues = [UnderPolicy("orders", "dlx"), UnderPolicy("invoices", "dlx"), UnderPolicy("morgue", "dlx")];

        Assert.Equal(["morgue"], EndsOf(queues, [Bound("dlx", "morgue", "#")]));
    }

    [Fact]
    public void The_last_of_several_stations_is_one_and_those_before_it_are_not()
    {
        Assert.Equal(["grave"], EndsOf([Of("work", "", "ward"), Of("ward", "", "grave"), Of("grave")]));
    }

    [Fact]
    public void One_that_is_named_so_is_one_and_one_that_only_nobody_consumes_is_not()
    {
        Assert.Equal(["orders.dead"], EndsOf([Of("orders"), Of("orders.dead")]));
        Assert.Empty(EndsOf([Of("orders"), Of("self", "", "self")]));
    }

    [Fact]
    public void Queues_of_the_same_name_in_another_virtual_host_have_nothing_to_do_with_it()
    {
        QueueInfo elsewhere = Of("grave") with { Vhost = "tests" };
        DeadQueues dead = new([Of("work", "", "grave"), elsewhere], []);

        Assert.False(dead.IsEnd(elsewhere));
    }

    private static IEnumerable<string> EndsOf(QueueInfo[] queues, params BindingInfo[] bindings) =>
        queues.Where(new DeadQueues(queues, bindings).IsEnd).Select(queue => queue.Name);

    private static BindingInfo Bound(string exchange, string queue, string key) => new(exchange, "/", queue, "queue", key);

    private static QueueInfo Of(string name, string? deadTo = null, string? key = null, int consumers = 0) =>
        Plain(name, consumers) with { Arguments = Settings("x-", deadTo, key) };

    private static QueueInfo UnderPolicy(string name, string deadTo) => Plain(name, 1) with { EffectivePolicyDefinition = Settings("", deadTo, null) };

    private static QueueInfo Plain(string name, int consumers) => new(name, "/", "quorum", true, "running", 0, 0, 0, consumers);

    private static JsonElement Settings(string prefix, string? deadTo, string? key)
    {
        Dictionary<string, string> settings = [];
        if (deadTo is not null) settings[$"{prefix}dead-letter-exchange"] = deadTo;
        if (key is not null) settings[$"{prefix}dead-letter-routing-key"] = key;
        return JsonSerializer.SerializeToElement(settings);
    }
}
