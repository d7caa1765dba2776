using Quintet.Console.DeadLetters;
using Quintet.Terminal;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Commands.Brokers;

/// <summary>From where to where.</summary>
internal sealed record ShovelPlan(Uri From, string Queue, Uri To, string? ToExchange, string? ToQueue);

/// <summary>
/// Consumes at one broker and publishes at another. A message is acknowledged at the source after the target's confirm, so that it is always in
/// one of them; when either connection breaks, what was not acknowledged comes again.
/// </summary>
internal sealed class Shovel(ShovelPlan plan, Progress progress, TimeProvider time)
{
    private const string Name = "quintet broker shovel";
    private const ushort Prefetch = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private long _moved;
    private int _underWay;

    public long Moved => Interlocked.Read(ref _moved);

    /// <exception cref="CommandException">The target does not take a message; it stays at the source.</exception>
    public async Task RunAsync(bool untilEmpty, CancellationToken cancellation)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(100);
        bool everConnected = false;
        while (true)
        {
            long before = Moved;
            try
            {
                await using IConnection source = await OwnConnection.OpenAsync(plan.From, Name, cancellation);
                await using IConnection target = await OwnConnection.OpenAsync(plan.To, Name, cancellation);
                everConnected = true;
                if (await CarryAsync(source, target, untilEmpty, cancellation)) return;
            }
            catch (Exception fault) when (everConnected && IsPassing(fault))
            {
                await System.Console.Error.WriteLineAsync($"shovel: {fault.Message.Split('\n')[0]}; trying again in {pause.TotalSeconds:0.#} s");
            }

            if (Moved > before) pause = TimeSpan.FromMilliseconds(100);
            await Task.Delay(pause, time, cancellation);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    // What a client sees when a broker goes or is away; a queue that is not there, or a right that is missing, does not pass.
    private static bool IsPassing(Exception fault) => fault switch
    {
        OperationInterruptedException { ShutdownReason.ReplyCode: 403 or 404 or 405 or 406 } => false,
        BrokerUnreachableException { InnerException: AuthenticationFailureException } => false,
        OperationInterruptedException or BrokerUnreachableException or IOException or System.Net.Sockets.SocketException or ObjectDisposedException
            or TimeoutException => true,
        _ => false,
    };

    /// <returns>True when the source is empty and that was the aim.</returns>
    private async Task<bool> CarryAsync(IConnection source, IConnection target, bool untilEmpty, CancellationToken cancellation)
    {
        await using IChannel taking = await source.CreateChannelAsync(cancellationToken: cancellation);
        await using IChannel giving = await target.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _underWay, 0);
        foreach (IChannel channel in (IChannel[])[taking, giving])
            channel.ChannelShutdownAsync += (_, why) => Task.FromResult(ended.TrySetException(new OperationInterruptedException(why)));
        await taking.BasicQosAsync(0, Prefetch, false, cancellation);
        AsyncEventingBasicConsumer consumer = new(taking);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            Interlocked.Increment(ref _underWay);
            // Confirms come in batches: the next message is sent while they are waited for. Its end is seen by `ended`.
            _ = MoveAsync(taking, giving, new Letter(delivery.DeliveryTag, delivery.RoutingKey, PropertiesOf(delivery.BasicProperties),
                delivery.Body.ToArray()), ended);
            return Task.CompletedTask;
        };
        await taking.BasicConsumeAsync(plan.Queue, autoAck: false, consumer, cancellation);
        while (true)
        {
            Task first = await Task.WhenAny(ended.Task, Task.Delay(Patience, time, cancellation));
            await first;
            await progress.CountAsync(Moved);
            if (!untilEmpty || Volatile.Read(ref _underWay) > 0) continue;
            if ((await taking.QueueDeclarePassiveAsync(plan.Queue, cancellation)).MessageCount == 0 && Volatile.Read(ref _underWay) == 0) return true;
        }
    }

    // An exchange routes by the copies that the publisher asked for; a queue is meant alone.
    private BasicProperties PropertiesOf(IReadOnlyBasicProperties sent) =>
        plan.ToExchange is null ? Console.DeadLetters.Moved.PropertiesOf(sent) : Console.DeadLetters.Moved.WithCopies(sent);

    private async Task MoveAsync(IChannel taking, IChannel giving, Letter letter, TaskCompletionSource ended)
    {
        try
        {
            (string exchange, string key) = plan.ToExchange is { } named ? (named, letter.RoutingKey) : ("", plan.ToQueue ?? plan.Queue);
            await giving.BasicPublishAsync(exchange, key, mandatory: true, letter.Properties, letter.Body);
            await taking.BasicAckAsync(letter.Tag, multiple: false);
            Interlocked.Increment(ref _moved);
            Interlocked.Decrement(ref _underWay);
        }
        catch (PublishException refused)
        {
            ended.TrySetException(new CommandException(ExitCode.Failed, refused.IsReturn
                ? "the target has no queue for a message; it and what follows stay at the source"
                : "the target refused a message; it and what follows stay at the source"));
        }
        catch (Exception broken)
        {
            ended.TrySetException(broken); // judged where the connections are made
        }
    }

    private sealed record Letter(ulong Tag, string RoutingKey, BasicProperties Properties, byte[] Body);
}
