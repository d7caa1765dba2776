using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Client.Broker;
using Quintet.Console.DeadLetters;
using Quintet.Terminal;

namespace Quintet.Commands.Brokers;

/// <summary><c>quintet broker queues | queue | messages | purge</c>.</summary>
internal static class QueueCommands
{
    private const int PreviewLength = 80;

    public static Command Queues()
    {
        Command command = new("queues",
            """
            List the queues of all virtual hosts with their messages and consumers.

            Examples:
              quintet broker queues
              quintet broker queues --output json | jq -r '.[] | select(.ready > 0) | .queue'
            """);
        BrokerTarget target = BrokerTarget.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            Rows rows = new("vhost", "queue", "type", "ready", "unacked", "consumers", "policy");
            foreach (QueueInfo q in await client.QueuesAsync(null, cancellation))
                rows.Add(q.Vhost, q.Name, q.Type, q.MessagesReady, q.MessagesUnacknowledged, q.Consumers, q.Policy);
            rows.Print(target.IsJson(line));
            return ExitCode.Done;
        });
        return command;
    }

    public static Command One()
    {
        Command command = new("queue",
            """
            Show one queue: its counts, what it was declared with, and who consumes.

            Example:
              quintet broker queue notifications.users.user-created
            """);
        Argument<string> name = Name(command);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            QueueInfo q = await client.QueueAsync(target.Vhost(line), line.GetRequiredValue(name), cancellation);
            if (target.IsJson(line)) System.Console.WriteLine(JsonOf(q).ToJsonString());
            else Print(q);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Messages()
    {
        Command command = new("messages",
            """
            Look at the first messages of a queue without consuming them. They are put back in their place, marked as redelivered; a quorum
            queue counts that as a delivery. Bodies may be private and are shown only on request.

            Examples:
              quintet broker messages orders.dead
              quintet broker messages orders.dead --limit 3 --bodies
            """);
        Argument<string> name = Name(command);
        Option<int> limit = new("--limit") { Description = "At most so many.", HelpName = "count", DefaultValueFactory = _ => 10 };
        SystemOptions.Limit(limit, 10_000);
        Option<bool> bodies = new("--bodies") { Description = "Show what the messages say." };
        command.Options.Add(limit);
        command.Options.Add(bodies);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            List<PeekedMessage> peeked = await client.PeekAsync(target.Vhost(line), line.GetRequiredValue(name), line.GetValue(limit), cancellation);
            Rows rows = line.GetValue(bodies)
                ? new("exchange", "routingKey", "bytes", "redelivered", "died", "body")
                : new("exchange", "routingKey", "bytes", "redelivered", "died");
            foreach (PeekedMessage m in peeked)
            {
                object?[] cells = [m.Exchange, m.RoutingKey, m.PayloadBytes, m.Redelivered, Death.Of(m)?.ToString()];
                rows.Add(line.GetValue(bodies) ? [.. cells, Body(m, target.IsJson(line))] : cells);
            }

            rows.Print(target.IsJson(line));
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Purge()
    {
        Command command = new("purge",
            """
            Remove every ready message of a queue, for good.

            Example:
              quintet broker purge orders.dead --yes
            """);
        Argument<string> name = Name(command);
        Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };
        command.Options.Add(yes);
        BrokerTarget target = BrokerTarget.AddTo(command, hasVhost: true);
        command.SetAction(async (line, cancellation) =>
        {
            string queue = line.GetRequiredValue(name);
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            QueueInfo found = await client.QueueAsync(target.Vhost(line), queue, cancellation);
            if (!line.GetValue(yes) && !Agrees($"Remove {found.MessagesReady} messages of '{queue}' for good?"))
                throw new CommandException(ExitCode.Refused, "nothing was removed; --yes removes without asking");
            await client.PurgeAsync(target.Vhost(line), queue, cancellation);
            await System.Console.Error.WriteLineAsync($"'{queue}' is purged");
            return ExitCode.Done;
        });
        return command;
    }

    public static Argument<string> Name(Command command)
    {
        Argument<string> name = new("queue") { Description = "The queue." };
        command.Arguments.Add(name);
        return name;
    }

    /// <summary>No terminal, no consent.</summary>
    public static bool Agrees(string question)
    {
        if (System.Console.IsInputRedirected) return false;
        System.Console.Error.Write($"{question} [y/N] ");
        return System.Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static void Print(QueueInfo q)
    {
        System.Console.WriteLine($"{q.Vhost} {q.Name}: {q.Type}, {(q.Durable ? "durable" : "transient")}, {q.State ?? "running"}");
        System.Console.WriteLine($"messages: {q.MessagesReady} ready, {q.MessagesUnacknowledged} unacknowledged; policy: {q.Policy ?? "none"}");
        if (q.Arguments.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty argument in q.Arguments.EnumerateObject()) System.Console.WriteLine($"  {argument.Name} = {argument.Value}");
        Rows rows = new("consumer", "connection", "prefetch", "acks");
        foreach (ConsumerInfo c in q.ConsumerDetails ?? []) rows.Add(c.ConsumerTag, ConnectionOf(c), c.PrefetchCount, c.AckRequired);
        rows.Print(asJson: false);
    }

    private static JsonObject JsonOf(QueueInfo q) => new()
    {
        ["vhost"] = q.Vhost,
        ["queue"] = q.Name,
        ["type"] = q.Type,
        ["durable"] = q.Durable,
        ["ready"] = q.MessagesReady,
        ["unacked"] = q.MessagesUnacknowledged,
        ["policy"] = q.Policy,
        ["arguments"] = q.Arguments.ValueKind == JsonValueKind.Object ? JsonNode.Parse(q.Arguments.GetRawText()) : new JsonObject(),
        ["consumers"] = new JsonArray([.. (q.ConsumerDetails ?? []).Select(c => new JsonObject
        {
            ["consumer"] = c.ConsumerTag,
            ["connection"] = ConnectionOf(c),
            ["prefetch"] = c.PrefetchCount,
            ["acks"] = c.AckRequired,
        })]),
    };

    private static string? ConnectionOf(ConsumerInfo consumer) =>
        consumer.ChannelDetails.ValueKind == JsonValueKind.Object && consumer.ChannelDetails.TryGetProperty("connection_name", out JsonElement name)
            ? name.GetString()
            : null;

    /// <summary>What a message says, for scripts whole, for people its beginning.</summary>
    public static string Body(PeekedMessage m, bool whole)
    {
        string text = m.PayloadEncoding == "string" ? m.Payload : $"base64:{m.Payload}";
        return whole || text.Length <= PreviewLength ? text : text[..PreviewLength] + "…";
    }
}
