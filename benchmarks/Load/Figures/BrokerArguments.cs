using Quintet.Load.Scenarios;
using Quintet.TestKit.Files;

namespace Quintet.Load.Figures;

/// <summary>The command line of <c>load broker</c>.</summary>
internal sealed record BrokerArguments
{
    public const string Usage = """
        load broker [--short] [--only NAME] [--brokers quintet,4,3] [--rabbitmq-4 FOLDER] [--no-10m | --all-10m]
             our broker and RabbitMQ 4.0.5 and 3.10.8 in turn: processor time a message, rate, latency, memory, restart
             --short      one round of little; prints, and keeps no result
             --only       only scenarios whose name begins so; prints, and keeps no result
             --brokers    only these; prints, and keeps no result
             --rabbitmq-4 where benchmarks/rabbitmq-4.sh unpacks RabbitMQ 4; default artifacts/rabbitmq-4
             --no-10m     without the backlog of 10,000,000; --all-10m: also for RabbitMQ 4 (some ten minutes more)
        """;

    public bool IsShort { get; private init; }

    public string Only { get; private init; } = "";

    public string[] Brokers { get; private init; } = ["quintet", "4", "3"];

    public string RabbitMq4Folder { get; private init; } = Repository.At("artifacts", "rabbitmq-4");

    /// <summary>Who is asked for the largest backlog.</summary>
    public string[] Largest { get; private init; } = ["quintet"];

    /// <summary>The whole of it: a result worth keeping.</summary>
    public bool IsWhole => !IsShort && Only.Length == 0 && Brokers.Length == 3;

    public Amounts Amounts => IsShort ? Amounts.Short : Amounts.Whole;

    /// <summary>Null when they cannot be understood.</summary>
    public static BrokerArguments? Parse(ReadOnlySpan<string> arguments)
    {
        BrokerArguments parsed = new();
        while (!arguments.IsEmpty)
        {
            switch (arguments)
            {
                case ["--short", ..]: parsed = parsed with { IsShort = true }; break;
                case ["--no-10m", ..]: parsed = parsed with { Largest = [] }; break;
                case ["--all-10m", ..]: parsed = parsed with { Largest = ["quintet", "4"] }; break;
                case ["--only", string name, ..]: parsed = parsed with { Only = name }; break;
                case ["--brokers", string names, ..]: parsed = parsed with { Brokers = names.Split(',') }; break;
                case ["--rabbitmq-4", string folder, ..]: parsed = parsed with { RabbitMq4Folder = Path.GetFullPath(folder) }; break;
                default: return null;
            }

            arguments = arguments[(arguments[0] is "--only" or "--brokers" or "--rabbitmq-4" ? 2 : 1)..];
        }

        return parsed;
    }
}
