using BenchmarkDotNet.Attributes;
using Quintet.TestKit.Traffic;

namespace Quintet.Broker.Benchmarks.Messages;

/// <summary>A message from socket to socket through a broker in this process, the client's share included.</summary>
[MemoryDiagnoser]
public class MessageBenchmarks : IDisposable
{
    private const int Messages = 10_000;
    private const string Filled = "micro.filled";
    private const string Passed = "micro.passed";

    private InProcessBroker _broker = null!;
    private Publisher _filling = null!;
    private Publisher _passing = null!;
    private Consumer _consumer = null!;

    [GlobalSetup]
    public void Start()
    {
        _broker = InProcessBroker.StartAsync().GetAwaiter().GetResult();
        using LoadConnection control = LoadConnection.Open(_broker.Port);
        control.DeclareShortQueue(Filled, 1_000);
        control.DeclareQueue(Passed, "classic");
        _filling = new Publisher(_broker.Port, ("", Filled));
        _passing = new Publisher(_broker.Port, ("", Passed));
        _consumer = new Consumer(_broker.Port, prefetch: 1_000, ackEvery: 1);
        _consumer.Subscribe(Passed);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _filling.Dispose();
        _passing.Dispose();
        _consumer.Dispose();
        _broker.DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public void PublishAndConfirm() => _filling.Run(long.MaxValue, Messages);

    [Benchmark(OperationsPerInvoke = Messages)]
    public void PublishDeliverAndAck()
    {
        _passing.Run(long.MaxValue, Messages);
        _consumer.Run(_consumer.Received + Messages, lasts: 1);
    }
}
