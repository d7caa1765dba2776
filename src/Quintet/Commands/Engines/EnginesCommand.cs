using System.CommandLine;

namespace Quintet.Commands.Engines;

/// <summary><c>quintet engines …</c>: the user's own engines behind the parts.</summary>
internal static class EnginesCommand
{
    public static Command Create() => new("engines", "Set up your own engines: RabbitMQ, Consul, PostgreSQL.") { ApplyCommand.Create() };
}
