using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>Reads messages that are no longer in memory, a block at a time, so that a backlog is read in sequence whatever its consumers ask for.</summary>
internal sealed class ColdReader(LogState log, MessageLog messages, Disk disk)
{
    public async Task<StoredMessage> ReadAsync(MessageRef message, CancellationToken stop)
    {
        while (true)
        {
            if (!messages.TryLocate(message, out RecordPlace place))
                throw new StorageException("the message is not in the store any more");
            if (place.Block is not null)
                return View(place, place.Block);
            await place.Segment.Loading.WaitAsync(stop);
            try
            {
                // Whoever had the segment before has probably read this message too.
                if (messages.TryLocate(message, out RecordPlace again) && again.Block is not null)
                    return View(again, again.Block);
                Block? block = await Task.Run(() => Load(place), stop);
                if (block is not null)
                    return View(place, block);
            }
            catch (ObjectDisposedException)
            {
                // Compaction moved the message and closed the file: look again where it is now. Or the whole store is closed.
                log.Health.ThrowIfDown();
            }
            finally
            {
                place.Segment.Loading.Release();
            }
        }
    }

    public StoredMessage View(in RecordPlace place, Block block)
    {
        int from = (int)(place.Offset - block.FileOffset) + RecordLayout.HeaderBytes;
        ReadOnlyMemory<byte> payload = block.Bytes.AsMemory(from, place.Size - RecordLayout.HeaderBytes);
        if (!MessageView.TryCreate(payload.Span, out MessageView view))
        {
            block.Release();
            throw Damaged(place, "not a message");
        }

        int content = view.ContentOffset;
        return new StoredMessage(block, view.Stamp, payload.Slice(content, view.EnvelopeBytes), payload[(content + view.EnvelopeBytes)..]);
    }

    private Block? Load(RecordPlace place)
    {
        byte[] bytes = log.Cache.Rent(place.Size);
        // Bytes behind WrittenTo are not in the file yet. What is before never changes.
        long end;
        lock (log.Gate)
            end = place.Segment.WrittenTo;
        int wanted = (int)Math.Min(bytes.Length, end - place.Offset);
        int count = place.Segment.File.Read(bytes.AsSpan(0, wanted), place.Offset);
        int filled = 0;
        while (RecordReader.Read(bytes.AsSpan(filled, count - filled), place.Segment.Seed, out int size) == RecordStatus.Whole)
            filled += size;
        if (filled < place.Size)
        {
            log.Cache.Reuse(bytes);
            throw Damaged(place, "a message that was stored cannot be read back");
        }

        Block? block = messages.Keep(place, bytes, filled);
        if (block is null)
            log.Cache.Reuse(bytes);
        return block;
    }

    private StorageDamagedException Damaged(in RecordPlace place, string reason) =>
        new(Path.Combine(disk.Folder, place.Segment.Name), place.Offset, reason);
}
