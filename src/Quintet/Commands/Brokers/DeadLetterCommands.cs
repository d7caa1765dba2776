using System.CommandLine;
using Quintet.Client.Broker;
using Quintet.Terminal;
using RabbitMQ.Client;

namespace Quintet.Commands.Brokers;

/// <summary><c>quintet broker dead-letters | redrive</c>.</summary>
internal static class DeadLetterCommands
{
    private const int Looked = 100;

    public static Command List()
    {
        Command command = new("dead-letters",
            """
            List the queues that dead letters go to, with their counts, and where and why the first hundred died. To see that, these are looked at
            and put back in their place.

            Example:
              quintet broker dead-letters
            """);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            string vhost = target.Vhost(line);
            List<QueueInfo> queues = await client.QueuesAsync(vhost, cancellation);
            HashSet<string> dead = DeadQueues(queues, await client.BindingsAsync(vhost, cancellation));
            Rows rows = new("queue", "messages", "died");
            foreach (QueueInfo queue in queues.Where(q => dead.Contains(q.Name)))
                rows.Add(queue.Name, queue.MessagesReady, queue.MessagesReady == 0 ? null : await ReasonsAsync(client, queue, cancellation));
            rows.Print(target.IsJson(line));
            if (rows.IsEmpty) await Console.Error.WriteLineAsync($"no queue of virtual host '{vhost}' is where dead letters go");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Redrive()
    {
        Command command = new("redrive",
            """
            Move the dead letters of a queue back to the queues they died in. Each is published and confirmed before it is taken away, without the
            marks of its deaths: interrupted at any moment, nothing is lost, at most one message is in both queues.

            Examples:
              quintet broker redrive orders.dead --dry-run
              quintet broker redrive orders.dead --limit 1
              quintet broker redrive orders.dead --to orders.retry
            """);
        Argument<string> name = QueueCommands.Name(command);
        Option<string?> to = new("--to") { Description = "The queue to move them to. Default: where each died.", HelpName = "queue" };
        Option<int> limit = new("--limit") { Description = "At most so many. Default: all.", HelpName = "count", DefaultValueFactory = _ => int.MaxValue };
        SystemOptions.Limit(limit, int.MaxValue);
        Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be moved." };
        command.Options.Add(to);
        command.Options.Add(limit);
        command.Options.Add(dryRun);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true, hasAmqp: true);
        command.SetAction(async (line, cancellation) =>
        {
            await using IConnection connection = await target.AmqpAsync(line, cancellation);
            Progress progress = new("messages looked at", TimeProvider.System);
            RedriveReport report = await new Redrive(connection, line.GetRequiredValue(name), line.GetValue(to), progress)
                .RunAsync(line.GetValue(limit), line.GetValue(dryRun), cancellation);
            Rows rows = new("to", "messages", "kept");
            foreach ((string queue, int count) in report.Moved) rows.Add(queue, count, null);
            foreach ((string reason, int count) in report.Kept) rows.Add(null, count, reason);
            rows.Print(target.IsJson(line));
            string verb = line.GetValue(dryRun) ? "would be moved" : "moved";
            await Console.Error.WriteLineAsync($"{report.Moved.Values.Sum()} messages {verb}, {report.Kept.Values.Sum()} kept");
            return report.Kept.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    /// <summary>Where the dead letters of some queue arrive: named by its routing key, or bound to its dead-letter exchange.</summary>
    private static HashSet<string> DeadQueues(List<QueueInfo> queues, List<BindingInfo> bindings)
    {
        HashSet<string> dead = new(StringComparer.Ordinal);
        foreach (QueueInfo queue in queues)
        {
            if (queue.Setting("dead-letter-exchange") is not { } exchange) continue;
            if (exchange.Length == 0) dead.Add(queue.Setting("dead-letter-routing-key") ?? queue.Name);
            foreach (BindingInfo binding in bindings)
                if (exchange.Length > 0 && binding.Source == exchange && binding.DestinationType == "queue") dead.Add(binding.Destination);
        }

        return dead;
    }

    private static async Task<string> ReasonsAsync(ManagementClient client, QueueInfo queue, CancellationToken cancellation)
    {
        List<PeekedMessage> first = await client.PeekAsync(queue.Vhost, queue.Name, Looked, cancellation);
        return string.Join(", ", first.GroupBy(m => Death.Of(m)?.ToString() ?? "did not die").Select(same => $"{same.Count()} {same.Key}"));
    }
}
