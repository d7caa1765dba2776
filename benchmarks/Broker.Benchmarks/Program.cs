using Quintet.Broker.Benchmarks;
using Quintet.TestKit.Figures;

Report report = new("dotnet run -c Release --project benchmarks/Broker.Benchmarks");
using (StorageFigures figures = new(report))
{
    await figures.PublishingAsync();
    await figures.BacklogAsync(CancellationToken.None);
}

Console.WriteLine(report.ToString());
await report.SaveAsync("broker-storage", CancellationToken.None);
