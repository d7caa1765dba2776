using System.Buffers;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Disks;
using Xunit;

namespace Quintet.Broker.Tests.Storage;

/// <summary>What the tests say to a store.</summary>
internal static class StoreExtensions
{
    public static readonly QueueId Orders = new(1);
    public static readonly QueueId Mails = new(2);
    public static readonly QueueId Audit = new(3);

    /// <summary>Small segments and eager compaction, so that a short test sees many of both.</summary>
    public static StorageOptions Small => new()
    {
        SegmentBytes = 64 * 1024,
        MessageBytesMax = 1024 * 1024,
        CacheBytes = 1024 * 1024,
        CompactionBytesMin = 0,
        FreeBytesMin = 0,
    };

    /// <summary>Time stands still: nothing is written because time passed.</summary>
    public static MessageStore Open(Disk disk, StorageOptions? options = null, TimeProvider? time = null) =>
        MessageStore.Open(options ?? Small, disk, time ?? new FakeTimeProvider());

    public static MessageRef Append(this MessageStore store, string body, QueueId[] queues, (DurabilityWaiter? Who, ulong Tag) waiter = default) =>
        store.Append(Message(body, queues), waiter.Who, waiter.Tag);

    public static NewMessage Message(string body, QueueId[] queues) => new()
    {
        Queues = queues,
        Stamp = new MessageStamp(1_000, 2_000, 3),
        Envelope = "envelope of "u8.ToArray().Concat(Encoding.UTF8.GetBytes(body.Length > 20 ? body[..20] : body)).ToArray(),
        Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)),
    };

    public static async Task<string> BodyOf(this MessageStore store, MessageRef message)
    {
        using StoredMessage stored = await store.ReadAsync(message, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(stored.Body.Span);
    }

    /// <summary>The bodies of what a queue got back, in its order.</summary>
    public static async Task<List<string>> Bodies(this MessageStore store, QueueId queue)
    {
        List<string> bodies = [];
        foreach (RecoveredMessage message in store.TakeRecovered(queue))
            bodies.Add(await store.BodyOf(message.Ref));
        return bodies;
    }
}
