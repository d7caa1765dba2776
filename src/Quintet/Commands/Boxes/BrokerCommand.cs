using System.CommandLine;
using Quintet.Broker;
using Quintet.Commands.Brokers;
using Quintet.Commands.DeadLetters;
using Quintet.Terminal;

namespace Quintet.Commands.Boxes;

/// <summary><c>quintet broker</c>.</summary>
internal static class BrokerCommand
{
    public static Command Create(Interruption interruption)
    {
        Command command = Box(interruption);
        Command[] inside =
        [
            QueueCommands.Queues(), QueueCommands.One(), QueueCommands.Messages(), QueueCommands.Purge(),
            DeadLetterCommands.List("dead-letters"), DeadLetterCommands.Redrive(), ShovelCommand.Create(),
            AccessCommands.Connections(), AccessCommands.Users(), AccessCommands.Permissions(), AccessCommands.Vhosts(),
            DefinitionCommands.Policies(), DefinitionCommands.Export(), DefinitionCommands.Import(),
        ];
        foreach (Command one in inside) command.Subcommands.Add(one);
        return command;
    }

    private static Command Box(Interruption interruption) => BoxCommand.Named("broker", "Broker", "Port of AMQP 0-9-1, 5672.",
        """
        Run the broker alone: durable messages for any RabbitMQ client. Users: guest/guest from this machine.
        The commands below look into one that runs, or into a RabbitMQ.

        Examples:
          quintet broker
          quintet broker queues --url http://guest:guest@localhost:15672
          quintet broker --port 5673 --management-port 15673 --data /var/lib/broker
          python3 -c 'import pika; pika.BlockingConnection(pika.URLParameters("amqp://localhost"))'
        """)
        .With<int?>("--management-port", "ManagementPort", "Port of management, health and metrics, 15672.", "port")
        .Runs(BrokerBox.Build, interruption);
}
