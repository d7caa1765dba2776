using BenchmarkDotNet.Running;
using Quintet.Broker.Benchmarks;
using Quintet.Broker.Benchmarks.Messages;
using Quintet.TestKit.Figures;

switch (args)
{
    case []:
        Report report = new("dotnet run -c Release --project benchmarks/Broker.Benchmarks");
        using (StorageFigures figures = new(report))
        {
            await figures.PublishingAsync();
            await figures.BacklogAsync(CancellationToken.None);
        }

        Console.WriteLine(report.ToString());
        await report.SaveAsync("broker-storage", CancellationToken.None);
        return 0;

    case ["start"]:
        Report start = await StartFigures.MeasureAsync(CancellationToken.None);
        Console.WriteLine(start.ToString());
        await start.SaveAsync("broker-start", CancellationToken.None);
        return 0;

    case [StartFigures.Once]:
        await StartFigures.RunOnceAsync();
        return 0;

    case ["allocation"]:
        return await AllocationGate.RunAsync() ? 0 : 1;

    case ["micro", .. string[] rest]:
        BenchmarkSwitcher.FromTypes([typeof(MessageBenchmarks), typeof(CodecBenchmarks)]).Run(rest.Length > 0 ? rest : ["--filter", "*"]);
        return 0;

    default:
        await Console.Error.WriteLineAsync("""
            usage: broker.benchmarks              the message store alone; writes benchmarks/results/broker-storage.md
                   broker.benchmarks start        QuintetBroker.StartAsync in fresh processes; writes benchmarks/results/broker-start.md
                   broker.benchmarks allocation   fails when publish or deliver allocate more for a message than they may
                   broker.benchmarks micro [...]  BenchmarkDotNet over publish, deliver and the codec; its arguments follow
            """);
        return 2;
}
