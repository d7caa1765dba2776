using System.Buffers;
using BenchmarkDotNet.Attributes;
using Quintet.Broker.Amqp;
using Quintet.TestKit.Traffic;

namespace Quintet.Broker.Benchmarks.Messages;

/// <summary>Frames in, frames out, without sockets and queues.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private const int Messages = 1_000;

    private readonly byte[] _published = new PublishedFrames("", "orders", Messages).First(Messages).ToArray();
    private readonly byte[] _routing = [0, 6, .. "orders"u8];
    private readonly byte[] _properties = [0x10, 0, 2];
    private readonly byte[] _body = new byte[PublishedFrames.BodyBytes];
    private readonly FrameBuffer _output = new();

    [Benchmark(OperationsPerInvoke = Messages)]
    public int CutAMessage()
    {
        ReadOnlySequence<byte> unread = new(_published);
        int frames = 0;
        while (FrameReader.TryRead(ref unread, 131_072, out _)) frames++;
        return frames;
    }

    [Benchmark]
    public bool ParseProperties() => BasicProperties.TryParse(_properties, out BasicProperties parsed) && parsed.IsPersistent;

    [Benchmark(OperationsPerInvoke = Messages)]
    public int WriteADelivery()
    {
        Content content = new(_routing, _properties, _body);
        _output.Clear();
        for (ulong tag = 1; tag <= Messages; tag++) ContentFrames.Deliver(_output, (1, 131_072), "consumer"u8, (tag, false), content);
        return _output.Length;
    }
}
