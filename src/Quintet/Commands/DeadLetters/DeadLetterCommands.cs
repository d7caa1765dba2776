using System.CommandLine;
using System.Text.Json;
using Quintet.Client.Broker;
using Quintet.Commands.Brokers;
using Quintet.Console.DeadLetters;
using Quintet.Terminal;
using RabbitMQ.Client;

namespace Quintet.Commands.DeadLetters;

/// <summary>
/// <c>quintet deadletters list | show | redrive | discard</c>; the first and the third are <c>quintet broker dead-letters | redrive</c>, too.
/// </summary>
internal static class DeadLetterCommands
{
    private const int Looked = 100;

    public static Command Create() => new("deadletters",
        """
        What services and queues have given up: look at it, send it back, or throw it away.
        Works on the running system's broker and, with --url, on any RabbitMQ.

        Examples:
          quintet deadletters list
          quintet deadletters show notifications.users.user-created.dead
          quintet deadletters redrive notifications.users.user-created.dead
          quintet deadletters discard notifications.users.user-created.dead --id 01975a3e-7f3c-7c1e-b1ab-0f3d6a5a7e11
        """)
    {
        List("list"), Show(), Redrive(), Discard(),
    };

    public static Command List(string name)
    {
        Command command = new(name,
            """
            List the queues that dead letters end in, with their counts, and where and why the first hundred died. To see that, these are looked at
            and put back in their place. A queue that hands its own dead letters on to another is a station on the way and is left out.

            Example:
              quintet deadletters list
            """);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            string vhost = target.Vhost(line);
            List<QueueInfo> queues = await client.QueuesAsync(vhost, cancellation);
            DeadQueues dead = new(queues, await client.BindingsAsync(vhost, cancellation));
            Rows rows = new("queue", "messages", "died");
            foreach (QueueInfo queue in queues.Where(dead.IsEnd))
                rows.Add(queue.Name, queue.MessagesReady, queue.MessagesReady == 0 ? null : await ReasonsAsync(client, queue, cancellation));
            rows.Print(target.IsJson(line));
            if (rows.IsEmpty) await System.Console.Error.WriteLineAsync($"no queue of virtual host '{vhost}' is where dead letters end");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Show()
    {
        Command command = new("show",
            """
            Show the first dead letters of a queue: which message, where, why and after how many attempts it died. They are looked at and put back in
            their place. Bodies may be private and are shown only on request.

            Examples:
              quintet deadletters show orders.dead
              quintet deadletters show orders.dead --limit 1 --bodies --output json
            """);
        Argument<string> name = QueueCommands.Name(command);
        Option<int> limit = new("--limit") { Description = "At most so many.", HelpName = "count", DefaultValueFactory = _ => 20 };
        SystemOptions.Limit(limit, 10_000);
        Option<bool> bodies = new("--bodies") { Description = "Show what the messages say." };
        command.Options.Add(limit);
        command.Options.Add(bodies);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            string queue = line.GetRequiredValue(name);
            string[] columns = ["id", "type", "diedIn", "reason", "text", "attempts", "bytes", "traceparent"];
            Rows rows = line.GetValue(bodies) ? new([.. columns, "body"]) : new(columns);
            foreach (PeekedMessage letter in await client.PeekAsync(target.Vhost(line), queue, line.GetValue(limit), cancellation))
            {
                Death? death = Death.Of(letter);
                object?[] cells = [Property(letter, "message_id"), Property(letter, "type"), death?.Queue, death?.Reason, death?.Text, death?.Attempts,
                    letter.PayloadBytes, Header(letter, "traceparent")];
                rows.Add(line.GetValue(bodies) ? [.. cells, QueueCommands.Body(letter, target.IsJson(line))] : cells);
            }

            rows.Print(target.IsJson(line));
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Redrive()
    {
        Command command = new("redrive",
            """
            Move the dead letters of a queue back to the queues they died in. Each is published and confirmed before it is taken away, with its id,
            its headers and its trace, without the marks of its deaths: interrupted at any moment, nothing is lost, at most one message is in both
            queues.

            Examples:
              quintet deadletters redrive orders.dead --dry-run
              quintet deadletters redrive orders.dead --limit 1
              quintet deadletters redrive orders.dead --to orders.retry
            """);
        Argument<string> name = QueueCommands.Name(command);
        Option<string?> to = new("--to") { Description = "The queue to move them to. Default: where each died.", HelpName = "queue" };
        Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be moved." };
        Chosen chosen = Chosen.AddTo(command);
        command.Options.Add(to);
        command.Options.Add(dryRun);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true, hasAmqp: true);
        command.SetAction(async (line, cancellation) =>
        {
            await using IConnection connection = await target.AmqpAsync(line, cancellation);
            Progress progress = new("messages looked at", TimeProvider.System);
            LetterWalk walk = new(connection, line.GetRequiredValue(name), chosen.Of(line), (count, _) => progress.CountAsync(count));
            RedriveReport report = await new Console.DeadLetters.Redrive(line.GetRequiredValue(name), line.GetValue(to), line.GetValue(dryRun))
                .RunAsync(walk, chosen.Limit(line), cancellation);
            Rows rows = new("to", "messages", "kept");
            foreach ((string queue, int count) in report.Moved) rows.Add(queue, count, null);
            foreach ((string reason, int count) in report.Kept) rows.Add(null, count, reason);
            rows.Print(target.IsJson(line));
            string verb = line.GetValue(dryRun) ? "would be moved" : "moved";
            await System.Console.Error.WriteLineAsync($"{report.Moved.Values.Sum()} messages {verb}, {report.Kept.Values.Sum()} kept");
            return report.Kept.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    public static Command Discard()
    {
        Command command = new("discard",
            """
            Throw dead letters of a queue away, for good: those named by --id, the first ones with --limit, or all that are there now.

            Examples:
              quintet deadletters discard orders.dead --id 01975a3e-7f3c-7c1e-b1ab-0f3d6a5a7e11
              quintet deadletters discard orders.dead --yes
            """);
        Argument<string> name = QueueCommands.Name(command);
        Chosen chosen = Chosen.AddTo(command);
        Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };
        command.Options.Add(yes);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true, hasAmqp: true);
        command.SetAction(async (line, cancellation) =>
        {
            string queue = line.GetRequiredValue(name);
            await using IConnection connection = await target.AmqpAsync(line, cancellation);
            if (!line.GetValue(yes) && !QueueCommands.Agrees($"Throw {chosen.Words(line)} of '{queue}' away for good?"))
                throw new CommandException(ExitCode.Refused, "nothing was thrown away; --yes does it without asking");

            int discarded = 0;
            Progress progress = new("messages looked at", TimeProvider.System);
            LetterWalk walk = new(connection, queue, chosen.Of(line), (count, _) => progress.CountAsync(count));
            IReadOnlyCollection<string> missing = await walk.RunAsync(
                chosen.Limit(line),
                async (channel, letter) =>
                {
                    await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, CancellationToken.None);
                    discarded++;
                },
                cancellation);
            await System.Console.Error.WriteLineAsync($"{discarded} messages of '{queue}' are gone");
            foreach (string id in missing) await System.Console.Error.WriteLineAsync($"there is no message '{id}'");
            return missing.Count == 0 ? ExitCode.Done : ExitCode.NotFound;
        });
        return command;
    }

    private static async Task<string> ReasonsAsync(ManagementClient client, QueueInfo queue, CancellationToken cancellation)
    {
        List<PeekedMessage> first = await client.PeekAsync(queue.Vhost, queue.Name, Looked, cancellation);
        return string.Join(", ", first.GroupBy(m => Death.Of(m)?.ToString() ?? "did not die").Select(same => $"{same.Count()} {same.Key}"));
    }

    private static string? Property(PeekedMessage letter, string name) => Text(letter.Properties, name);

    private static string? Header(PeekedMessage letter, string name) =>
        letter.Properties.ValueKind == JsonValueKind.Object && letter.Properties.TryGetProperty("headers", out JsonElement headers)
            ? Text(headers, name)
            : null;

    private static string? Text(JsonElement table, string name) =>
        table.ValueKind == JsonValueKind.Object && table.TryGetProperty(name, out JsonElement value) ? value.ToString() : null;
}
