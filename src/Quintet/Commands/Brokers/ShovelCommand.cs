using System.CommandLine;
using Quintet.Terminal;

namespace Quintet.Commands.Brokers;

/// <summary><c>quintet broker shovel</c>.</summary>
internal static class ShovelCommand
{
    public static Command Create()
    {
        Command command = new("shovel",
            """
            Move the messages of a queue to another AMQP URL. Each is published mandatory, confirmed there, and only then acknowledged here: nothing
            confirmed is lost; after a broken connection some may come twice. Properties and headers are kept. It reconnects by itself.

            Examples:
              quintet broker shovel --from amqp://old --queue orders --to amqp://new --until-empty
              quintet broker shovel --from amqp://old --queue orders --to amqp://new --to-exchange events
            """);
        Option<string> from = new("--from") { Description = "Where the queue is: amqp://user:password@host:5672/vhost.", Required = true, HelpName = "url" };
        Option<string> queue = new("--queue") { Description = "The queue.", Required = true, HelpName = "name" };
        Option<string> to = new("--to") { Description = "Where its messages go.", Required = true, HelpName = "url" };
        Option<string?> exchange = new("--to-exchange") { Description = "Publish to this exchange, with each message's own routing key.", HelpName = "name" };
        Option<string?> toQueue = new("--to-queue") { Description = "Publish to this queue. Default: the one of the same name.", HelpName = "name" };
        Option<bool> untilEmpty = new("--until-empty") { Description = "End when the queue is empty. Default: go on until interrupted." };
        foreach (Option option in (Option[])[from, queue, to, exchange, toQueue, untilEmpty]) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(exchange) is not null && result.GetValue(toQueue) is not null)
                result.AddError("--to-exchange and --to-queue exclude each other");
        });
        command.SetAction(async (line, cancellation) =>
        {
            ShovelPlan plan = new(
                BrokerTarget.Parse("--from", line.GetRequiredValue(from), "amqp", "amqps"),
                line.GetRequiredValue(queue),
                BrokerTarget.Parse("--to", line.GetRequiredValue(to), "amqp", "amqps"),
                line.GetValue(exchange),
                line.GetValue(toQueue));
            Shovel shovel = new(plan, new Progress("messages moved", TimeProvider.System), TimeProvider.System);
            try
            {
                await shovel.RunAsync(line.GetValue(untilEmpty), cancellation);
                return ExitCode.Done;
            }
            finally
            {
                await System.Console.Error.WriteLineAsync($"{shovel.Moved} messages moved");
            }
        });
        return command;
    }
}
