using System.Buffers;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Journal;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Streams;

/// <summary>
/// Writes a message for a stream as its consumers will get it: the value it can be filtered by, and then its envelope, which may name its offset.
/// The length of the former, at most 255, is returned.
/// </summary>
internal delegate int EncodeStreamEntry(ReadOnlySpan<byte> envelope, long offset, IBufferWriter<byte> output);

/// <summary>Appends to the files of streams, ends them and begins others. For one thread.</summary>
internal sealed class EntryWriter(MessageStore store, Disk disk, StorageOptions options, EncodeStreamEntry encode)
{
    private const int BlockBytes = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _encoded = new(512);
    private ArrayBufferWriter<byte> _block = new(BlockBytes);
    private readonly List<StreamPlace> _places = [];
    private readonly Signal _retry = new();
    private volatile bool _givesUp;

    /// <summary>Called with a message that cannot be read from the message log, where it stays.</summary>
    public Action<StreamLog, Exception> Unreadable { get; init; } = static (_, _) => { };

    /// <summary>A full disk may have room again.</summary>
    public void Retry() => _retry.Set();

    /// <summary>A full disk is not waited for any longer: what is still to be moved is found in the message log at the next start.</summary>
    public void GiveUp()
    {
        _givesUp = true;
        _retry.Set();
    }

    /// <summary>Moves what has arrived to the end of a stream: when it returns it is on disk there, and may be read.</summary>
    /// <param name="log">The stream.</param>
    /// <param name="moved">Gets what was moved; what could not be read from the message log is left out.</param>
    /// <exception cref="OperationCanceledException">It gave up.</exception>
    public void Append(StreamLog log, List<MessageRef> moved)
    {
        StreamTail tail = log.Tail;
        if (tail.File is not null && tail.Position >= log.Retention.FileBytes) End(tail);
        if (tail.File is null) Begin(log);

        StreamExtent extent = tail.Extent;
        long position = tail.Position;
        _places.Clear();
        _block.ResetWrittenCount();
        RecordLayout.WriteMark(
            _block.GetSpan(RecordLayout.MarkBytes)[..RecordLayout.MarkBytes], tail.Segment!,
            new Mark(++tail.Batch, position, (ulong)extent.Next, options.Durability == Durability.Fsync));
        _block.Advance(RecordLayout.MarkBytes);
        foreach (StreamArrival arrival in tail.Arrivals)
        {
            long storedAt = Math.Max(tail.LastAt, arrival.StoredAt);
            StreamPlace place = new(extent.Next, storedAt, position + _block.WrittenCount);
            if (!TryWrite(log, arrival, place)) continue;
            moved.Add(arrival.Ref);
            if (StreamFile.IsPlace(tail.LastPlace, place.Position))
            {
                _places.Add(place);
                tail.LastPlace = place.Position;
            }

            tail.LastAt = storedAt;
            extent = extent.With(storedAt);
            if (_block.WrittenCount >= BlockBytes) position = WriteBlock(tail, position);
        }

        position = WriteBlock(tail, position);
        if (options.Durability == Durability.Fsync) tail.Segment!.File.SyncData();
        (tail.Extent, tail.Position) = (extent, position);
        tail.File!.Commit(extent, position, _places);
    }

    /// <summary>Ends the file being written, if there is one, behind a summary.</summary>
    public void End(StreamTail tail)
    {
        if (tail.File is not { } file || tail.Segment is not { } segment) return;
        byte[] end = file.MakeEnd(segment);
        WriteWhenThereIsSpace(() => segment.File.Write([end], tail.Position));
        // Also with Durability Os, as in the message log: a file is whole before another begins.
        segment.File.SyncData();
        tail.Position += end.Length;
        file.Seal(tail.Position);
        tail.End();
    }

    public void Begin(StreamLog log)
    {
        StreamTail tail = log.Tail;
        StreamFile? file = null;
        WriteWhenThereIsSpace(() => file = StreamFile.Create(disk, StreamName.Of(log.Id, tail.NextNumber), tail.Extent));
        tail.Begin(file!);
        log.Add(file!);
    }

    /// <summary>Takes files off the disk, the oldest first and each for good before the next: a gap would look like damage.</summary>
    public void Delete(List<StreamFile> files)
    {
        foreach (StreamFile file in files)
        {
            file.Delete();
            disk.SyncFolder();
        }
    }

    private bool TryWrite(StreamLog log, in StreamArrival arrival, in StreamPlace place)
    {
        try
        {
            using StoredMessage stored = Read(arrival.Ref);
            _encoded.ResetWrittenCount();
            int filterBytes = encode(stored.Envelope.Span, place.Offset, _encoded);
            int size = StreamRecordLayout.EntryBytes(_encoded.WrittenCount, stored.Body.Length);
            StreamRecordLayout.WriteEntry(
                _block.GetSpan(size)[..size], log.Tail.Segment!.Seed, place, arrival.Ref.Id, _encoded.WrittenSpan, filterBytes, stored.Body.Span);
            _block.Advance(size);
            return true;
        }
        catch (StorageDamagedException damage)
        {
            log.Miss();
            Unreadable(log, damage);
            return false;
        }
    }

    // This thread is there to wait for the disk, and nothing else waits for it.
    private StoredMessage Read(MessageRef message) =>
        store.TryRead(message, out StoredMessage stored) ? stored : store.ReadAsync(message, CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private long WriteBlock(StreamTail tail, long position)
    {
        ReadOnlyMemory<byte> block = _block.WrittenMemory;
        WriteWhenThereIsSpace(() => tail.Segment!.File.Write([block], position));
        // One large message does not keep its room.
        if (_block.Capacity > 4 * BlockBytes) _block = new ArrayBufferWriter<byte>(BlockBytes);
        else _block.ResetWrittenCount();
        return position + block.Length;
    }

    private void WriteWhenThereIsSpace(Action write)
    {
        bool wasRefused = false;
        while (true)
        {
            if (_givesUp && wasRefused) throw new OperationCanceledException("the disk is full");
            try
            {
                write();
                break;
            }
            catch (IOException failure) when (disk.MeansFull(failure))
            {
                wasRefused = true;
                store.Report(SpaceProblem.StreamRefused, $"the disk of {disk.Folder} is full: {failure.Message}");
                if (!_givesUp) _retry.Wait();
            }
        }

        if (wasRefused) store.Report(SpaceProblem.StreamRefused, null);
    }
}
