using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quintet.Frameworks.Queues;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.RabbitMQ;
using Xunit;

namespace Quintet.Frameworks.WolverineBus;

/// <summary>Wolverine over queues and exchanges that it declares itself.</summary>
public sealed class WolverineTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_reach_a_handler_and_a_request_is_answered_and_a_failing_one_is_retried_then_dead_lettered()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        using IHost depot = await StartAsync(broker, options => options.ListenToRabbitQueue("parcels").ProcessInline());
        using IHost shop = await StartAsync(broker, ToParcels);
        Seen seen = depot.Services.GetRequiredService<Seen>();

        foreach (int number in (int[])[11, 12, 13]) await shop.MessageBus().SendAsync(new ParcelSent(number));
        WeightGiven weight = await shop.MessageBus().InvokeAsync<WeightGiven>(new WeightAsked(7), Cancellation, Eventually.Deadline);
        BasicGetResult dead = await PlainQueue.TakeAsync(broker, "wolverine-dead-letter-queue", Cancellation);
        await Eventually.TrueAsync("two were handled", () => Task.FromResult(seen.Parcels.Count == 2), Cancellation);

        Assert.Equal(new WeightGiven(7, 70), weight);
        Assert.Equal([11, 12], seen.Parcels.Order());
        Assert.Equal((1, 3, 4), (seen.Attempts[11], seen.Attempts[12], seen.Attempts[13]));
        Assert.Contains("13", System.Text.Encoding.UTF8.GetString(dead.Body.Span), StringComparison.Ordinal);
        await StopAsync(shop, depot);
    }

    [Fact]
    public async Task What_was_confirmed_is_handled_over_two_kills_and_the_bus_finds_back_by_itself()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        using IHost depot = await StartAsync(broker, options =>
            options.ListenToRabbitQueue("parcels").ProcessInline().DefaultIncomingMessage<ParcelSent>());
        using IHost shop = await StartAsync(broker, ToParcels);
        Seen seen = depot.Services.GetRequiredService<Seen>();

        // Wolverine's own send does not tell whether it was confirmed, so what must not be lost is published by a plain client.
        for (int kills = 0; kills < 2; kills++)
        {
            await PlainQueue.PublishAsync(broker, "parcels", ParcelsOf(kills), Cancellation);
            await broker.KillAsync();
            await broker.RestartAsync(Cancellation);
        }

        await Eventually.TrueAsync(
            "all that was confirmed is handled",
            () => Task.FromResult(ParcelsOf(0).Concat(ParcelsOf(1)).All(parcel => seen.Attempts.ContainsKey(parcel.Number))),
            Cancellation,
            () => $"{seen.Attempts.Count} handled");
        await Eventually.TrueAsync(
            "the sender that lived through both kills sends again",
            async () =>
            {
                await shop.MessageBus().SendAsync(new ParcelSent(5_000));
                return seen.Attempts.ContainsKey(5_000);
            },
            Cancellation);
        await Eventually.TrueAsync("the queue is empty", async () => await PlainQueue.CountAsync(broker, "parcels", Cancellation) == 0, Cancellation);
        await StopAsync(shop, depot);
    }

    private static IEnumerable<ParcelSent> ParcelsOf(int round) => Enumerable.Range(1_000 + round * 300, 300).Select(number => new ParcelSent(number));

    private static void ToParcels(WolverineOptions options)
    {
        options.PublishMessage<ParcelSent>().ToRabbitQueue("parcels").SendInline();
        options.PublishMessage<WeightAsked>().ToRabbitQueue("parcels").SendInline();
    }

    private static async Task<IHost> StartAsync(BoxProcess broker, Action<WolverineOptions> configure)
    {
        IHost host = Host.CreateDefaultBuilder()
            .ConfigureLogging(logging => logging.ClearProviders())
            .ConfigureServices(services => services.AddSingleton<Seen>())
            .UseWolverine(options =>
            {
                options.UseRabbitMq(new Uri($"amqp://guest:guest@127.0.0.1:{broker.Port}/%2F"))
                    .AutoProvision()
                    .UseQuorumQueues()
                    .ConfigureChannelCreation(channel =>
                    {
                        channel.PublisherConfirmationsEnabled = true;
                        channel.PublisherConfirmationTrackingEnabled = true;
                    });
                options.Policies.OnException<InvalidOperationException>().RetryTimes(3).Then.MoveToErrorQueue();
                configure(options);
            })
            .Build();
        await host.StartAsync(Cancellation);
        return host;
    }

    private static async Task StopAsync(params IHost[] hosts)
    {
        foreach (IHost host in hosts) await host.StopAsync(Cancellation);
    }
}
