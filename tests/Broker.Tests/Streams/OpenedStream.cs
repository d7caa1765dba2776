using System.Buffers;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Streams;
using Quintet.Broker.Tests.Storage;
using Xunit;
using static Quintet.Broker.Tests.Storage.StoreExtensions;

namespace Quintet.Broker.Tests.Streams;

/// <summary>A message log with one stream beside it, over a disk that the test can break.</summary>
internal sealed class OpenedStream : IAsyncDisposable
{
    public static readonly QueueId Id = new(7);

    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _tag;

    public OpenedStream(FaultyDisk disk, FakeTimeProvider? time = null, StreamRetention? retention = null, StorageOptions? options = null)
    {
        Time = time ?? new FakeTimeProvider();
        Store = Open(disk, options, Time);
        Store.StateChanged += (state, _) =>
        {
            if (state == StorageState.Failed) Down.TrySetResult();
            if (state == StorageState.SpaceLow) Full.TrySetResult();
        };
        try
        {
            Streams = new StreamStore(Store, disk, options ?? Small, Time, (Encode, failure => Unreadable = failure));
            Log = Streams.Open(Id, retention ?? new StreamRetention(null, null, 2_000));
            Log.Committed = () => Interlocked.Exchange(ref _moved, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
            Streams.Resume(Log, Store.TakeRecovered(Id));
        }
        catch
        {
            Abandoned = Store.DisposeAsync().AsTask(); // its threads end by themselves
            throw;
        }
    }

    public FakeTimeProvider Time { get; }

    public MessageStore Store { get; }

    public StreamStore Streams { get; }

    public StreamLog Log { get; }

    public Confirms Confirms { get; } = new();

    public Exception? Unreadable { get; private set; }

    public Task? Abandoned { get; }

    public TaskCompletionSource Down { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Full { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Publishes to the stream and to a queue, in one record; completes when it is confirmed.</summary>
    public Task PublishAsync(string body)
    {
        ulong tag = ++_tag;
        NewMessage message = new()
        {
            Queues = [Id, Orders],
            Stamp = new MessageStamp(Time.GetUtcNow().ToUnixTimeMilliseconds(), 0, 0),
            Envelope = "an envelope"u8,
            Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)),
        };
        MessageRef first = Store.Append(message, Confirms, tag);
        Log.TryArrive(new StreamArrival(first, message.Stamp.EnqueuedAt));
        return Confirms.Of(tag);
    }

    /// <summary>Completes when the stream has so many messages that may be read.</summary>
    public async Task MovedAsync(long next)
    {
        while (Log.Extent.Next < next)
        {
            Task moved = _moved.Task;
            if (Log.Extent.Next < next) await moved.WaitAsync(Stop);
        }
    }

    /// <summary>What can be read from an offset on.</summary>
    public List<(long Offset, string Body)> Read(long from = 0, long notBefore = long.MinValue)
    {
        EntryReader reader = new(Log, 4096) { NextOffset = from, NotBefore = notBefore };
        List<(long, string)> read = [];
        while (reader.TryNext(out StreamEntry entry)) read.Add((entry.Offset, Encoding.UTF8.GetString(entry.Body)));
        reader.End();
        return read;
    }

    public async ValueTask DisposeAsync()
    {
        await Streams.DisposeAsync();
        await Store.DisposeAsync();
    }

    public static int Encode(ReadOnlySpan<byte> envelope, long offset, IBufferWriter<byte> output)
    {
        output.Write("key"u8);
        output.Write(envelope);
        return 3;
    }
}
