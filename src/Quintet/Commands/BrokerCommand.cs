using System.CommandLine;
using Quintet.Broker;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet broker</c>.</summary>
internal static class BrokerCommand
{
    public static Command Create(Interruption interruption) => BoxCommand.Named("broker", "Broker", "Port of AMQP 0-9-1, 5672.",
        """
        Run the broker alone: durable messages for any RabbitMQ client. Users: guest/guest from this machine.

        Examples:
          quintet broker
          quintet broker --port 5673 --management-port 15673 --data /var/lib/broker
          python3 -c 'import pika; pika.BlockingConnection(pika.URLParameters("amqp://localhost"))'
        """)
        .With<int?>("--management-port", "ManagementPort", "Port of management, health and metrics, 15672.", "port")
        .Runs(BrokerBox.Build, interruption);
}
