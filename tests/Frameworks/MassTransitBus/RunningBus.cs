using MassTransit;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;

namespace Quintet.Frameworks.MassTransitBus;

/// <summary>One process's bus of MassTransit; stopped at the end.</summary>
internal sealed class RunningBus : IAsyncDisposable
{
    private RunningBus(IBusControl bus) => Bus = bus;

    public IBusControl Bus { get; }

    public static async Task<RunningBus> StartAsync(
        BoxProcess broker, CancellationToken cancellation, Action<IRabbitMqBusFactoryConfigurator>? configure = null)
    {
        IBusControl bus = global::MassTransit.Bus.Factory.CreateUsingRabbitMq(factory =>
        {
            factory.Host("127.0.0.1", (ushort)broker.Port, "/", host =>
            {
                host.Username("guest");
                host.Password("guest");
            });
            factory.UseDelayedMessageScheduler();
            configure?.Invoke(factory);
        });
        await bus.StartAsync(cancellation);
        return new RunningBus(bus);
    }

    public async ValueTask DisposeAsync()
    {
        // Its stop waits for whatever is still being sent, for ever when that is stuck: a test that failed must end.
        using CancellationTokenSource late = new(Eventually.Deadline);
        await Bus.StopAsync(late.Token);
    }
}
