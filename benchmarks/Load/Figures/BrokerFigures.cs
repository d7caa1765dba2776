using Quintet.Load.Brokers;
using Quintet.Load.Scenarios;

namespace Quintet.Load.Figures;

/// <summary>
/// Ours and RabbitMQ, one process at a time: rounds over all brokers, each started afresh, through all scenarios; then, once for each, memory, the
/// backlogs and the restart.
/// </summary>
internal sealed class BrokerFigures(BrokerArguments arguments, CancellationToken cancellation)
{
    private readonly Dictionary<string, Func<BrokerUnderTest>> _brokers = [];
    private readonly BrokerTables _tables = new();

    public async Task<BrokerTables> MeasureAsync()
    {
        await FindBrokersAsync();
        for (int round = 0; round < arguments.Amounts.Rounds; round++)
            foreach (string broker in arguments.Brokers) await RoundAsync(broker, round);
        foreach (string broker in arguments.Brokers)
        {
            await MemoryAsync(broker);
            await BacklogAsync(broker, arguments.Amounts.Queued);
            if (arguments.Amounts.QueuedMore > 0 && arguments.Largest.Contains(broker)) await BacklogAsync(broker, arguments.Amounts.QueuedMore);
        }

        return _tables;
    }

    private async Task FindBrokersAsync()
    {
        foreach (string broker in arguments.Brokers)
        {
            switch (broker)
            {
                case "quintet":
                    _brokers[broker] = () => new QuintetBroker();
                    break;
                case "4":
                    RabbitMqRelease unpacked = await RabbitMqRelease.UnpackedAsync(arguments.RabbitMq4Folder, cancellation);
                    _brokers[broker] = () => new RabbitMqBroker(unpacked);
                    break;
                case "3":
                    RabbitMqRelease installed = await RabbitMqRelease.InstalledAsync(cancellation);
                    _brokers[broker] = () => new RabbitMqBroker(installed);
                    break;
                default:
                    throw new ArgumentException($"no broker is called '{broker}': quintet, 4 or 3");
            }
        }
    }

    private async Task RoundAsync(string name, int round)
    {
        Scenario[] chosen = [.. Scenario.All.Where(scenario => IsWanted(scenario.Name))];
        if (chosen.Length == 0) return;
        await using BrokerUnderTest broker = await StartAsync(name);
        using Session session = new(broker, arguments.Amounts, cancellation);
        await WarmUpAsync(session);
        foreach (Scenario scenario in chosen)
        {
            await broker.SettleAsync(cancellation);
            Sample sample = await scenario.MeasureAsync(session);
            _tables.Add(scenario.Title, scenario.Target, broker.Name, sample);
            Say($"round {round + 1}, {broker.Name}, {scenario.Name}: {BrokerTables.Line(sample)}");
        }

        if (round == 0) await OnceAsync("memory half a minute after all of these", "", session, Backlog.AfterTheLoadAsync);
    }

    // What runs for long is compiled; a broker that has just started is not what is compared.
    private static async Task WarmUpAsync(Session session)
    {
        foreach (string type in (string[])["classic", "quorum"]) await Consuming.AlongAsync(session, type);
    }

    private async Task MemoryAsync(string name)
    {
        if (!IsWanted("memory")) return;
        await using BrokerUnderTest broker = await StartAsync(name);
        using Session session = new(broker, arguments.Amounts, cancellation);
        await OnceAsync("memory at rest, just started", "< 60 MiB", session, Backlog.IdleAsync);
        await OnceAsync($"memory with {arguments.Amounts.Idle:N0} idle connections", "", session, Backlog.IdleConnectionsAsync);
    }

    private async Task BacklogAsync(string name, int count)
    {
        if (!IsWanted("backlog")) return;
        bool isMillion = count <= arguments.Amounts.Queued;
        await using BrokerUnderTest broker = await StartAsync(name);
        using (Session session = new(broker, arguments.Amounts, cancellation))
            await OnceAsync($"backlog of {count:N0}, classic queue", isMillion ? "< 150 MiB" : "", session, filled => Backlog.FillAsync(filled, count));
        Sample restart = await Backlog.RestartAsync(broker, count, cancellation);
        Keep($"ready again after SIGKILL with {count:N0} queued", isMillion ? "< 2 s" : "", broker.Name, restart);
        using (Session session = new(broker, arguments.Amounts, cancellation))
            await OnceAsync($"drain of {count:N0} after that restart, one ack for 100", isMillion ? "≤ 3 µs" : "", session, Backlog.DrainAsync);
    }

    private async Task OnceAsync(string title, string target, Session session, Func<Session, Task<Sample>> measure) =>
        Keep(title, target, session.Broker.Name, await measure(session));

    private void Keep(string title, string target, string broker, Sample sample)
    {
        _tables.Add(title, target, broker, sample);
        Say($"{broker}, {title}: {BrokerTables.Line(sample)}");
    }

    private async Task<BrokerUnderTest> StartAsync(string name)
    {
        BrokerUnderTest broker = _brokers[name]();
        try
        {
            await broker.StartAsync(static _ => true, cancellation);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    private bool IsWanted(string name) => name.StartsWith(arguments.Only, StringComparison.Ordinal);

    private static void Say(string line) => Console.Error.WriteLine(line);
}
