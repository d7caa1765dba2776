using System.Runtime.InteropServices;

namespace Quintet.Broker.Storage.Journal;

/// <summary>Where a copy of a message lies: 16 bytes in memory per copy, whatever the size of the message.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct IndexEntry
{
    public uint Segment;
    public uint Offset;
    public uint Size;
    public ushort Copies;
    public ushort DeliveryCount;

    public readonly bool IsPresent => Segment != 0;

    /// <summary>The part of the record's bytes this copy answers for.</summary>
    public readonly uint Share => Size / Copies;
}

/// <summary>
/// Position of every live copy by its id. Ids are dense, so they index arrays of 512; an array in which few are left is made small, lest one
/// message in a thousand that nobody fetches keeps all the others' memory. Guarded by the log's gate.
/// </summary>
internal sealed class MessageIndex
{
    private const int ChunkBits = 9;
    private const int ChunkSize = 1 << ChunkBits;
    private const int SparseMax = ChunkSize / 8;
    private const int PooledMax = 64;

    private readonly Dictionary<ulong, Chunk> _chunks = [];
    // Empty and dense. A queue that is read as fast as it is written empties its chunk with every message.
    private readonly Stack<Chunk> _free = new();
    private Chunk? _last;
    private ulong _lastNumber;

    public long Count { get; private set; }

    /// <summary>The entry of a copy, to be read or changed in place; a null reference when it is settled or unknown.</summary>
    public ref IndexEntry Find(ulong id)
    {
        Chunk? chunk = ChunkOf(id);
        if (chunk is null)
            return ref System.Runtime.CompilerServices.Unsafe.NullRef<IndexEntry>();
        return ref chunk.Find((int)(id & (ChunkSize - 1)));
    }

    public void Add(ulong id, in IndexEntry entry)
    {
        Chunk? chunk = ChunkOf(id);
        if (chunk is null)
        {
            chunk = TakeFree();
            _lastNumber = id >> ChunkBits;
            _last = chunk;
            _chunks.Add(_lastNumber, chunk);
        }

        chunk.Add((int)(id & (ChunkSize - 1)), entry, this);
        Count++;
    }

    public bool Remove(ulong id, out IndexEntry entry)
    {
        Chunk? chunk = ChunkOf(id);
        if (chunk is null || !chunk.Remove((int)(id & (ChunkSize - 1)), out entry))
        {
            entry = default;
            return false;
        }

        Count--;
        if (chunk.Live == 0)
        {
            _chunks.Remove(id >> ChunkBits);
            if (chunk.IsDense)
                Reuse(chunk);
            _last = null;
        }

        return true;
    }

    /// <summary>Makes arrays small in which few entries are left, if they were so at the last call too: most are emptied soon anyway.</summary>
    public void Shrink()
    {
        foreach (Chunk chunk in _chunks.Values)
            chunk.Age(this);
    }

    private Chunk? ChunkOf(ulong id)
    {
        ulong number = id >> ChunkBits;
        if (_last is not null && _lastNumber == number)
            return _last;
        if (!_chunks.TryGetValue(number, out Chunk? chunk))
            return null;
        _last = chunk;
        _lastNumber = number;
        return chunk;
    }

    private Chunk TakeFree() => _free.TryPop(out Chunk? chunk) ? chunk : new Chunk(new IndexEntry[ChunkSize]);

    private void Reuse(Chunk chunk)
    {
        if (_free.Count < PooledMax)
            _free.Push(chunk);
    }

    /// <summary>Dense (slot is the index into entries) or sparse (slots sorted, entries beside them).</summary>
    private sealed class Chunk(IndexEntry[] dense)
    {
        private IndexEntry[] _entries = dense;
        private ushort[]? _slots;
        private bool _wasSparse;

        public int Live { get; private set; }

        public bool IsDense => _slots is null;

        public ref IndexEntry Find(int slot)
        {
            int index = _slots is null ? slot : Array.BinarySearch(_slots, (ushort)slot);
            if (index >= 0 && _entries[index].IsPresent)
                return ref _entries[index];
            return ref System.Runtime.CompilerServices.Unsafe.NullRef<IndexEntry>();
        }

        public void Add(int slot, in IndexEntry entry, MessageIndex owner)
        {
            if (_slots is not null)
                MakeDense(owner);
            System.Diagnostics.Debug.Assert(!_entries[slot].IsPresent, "an id was given out twice");
            _entries[slot] = entry;
            Live++;
        }

        public bool Remove(int slot, out IndexEntry entry)
        {
            int index = _slots is null ? slot : Array.BinarySearch(_slots, (ushort)slot);
            entry = index < 0 ? default : _entries[index];
            if (!entry.IsPresent)
                return false;
            _entries[index] = default;
            Live--;
            return true;
        }

        public void Age(MessageIndex owner)
        {
            bool isSparse = Live <= SparseMax;
            if (_slots is null && isSparse && _wasSparse)
                MakeSparse(owner);
            _wasSparse = isSparse;
        }

        private void MakeSparse(MessageIndex owner)
        {
            IndexEntry[] entries = new IndexEntry[Live];
            ushort[] slots = new ushort[Live];
            int count = 0;
            for (int slot = 0; slot < _entries.Length; slot++)
            {
                if (!_entries[slot].IsPresent)
                    continue;
                slots[count] = (ushort)slot;
                entries[count++] = _entries[slot];
            }

            Array.Clear(_entries);
            owner.Reuse(new Chunk(_entries));
            (_entries, _slots) = (entries, slots);
        }

        private void MakeDense(MessageIndex owner)
        {
            IndexEntry[] entries = owner.TakeFree()._entries;
            for (int index = 0; index < _slots!.Length; index++)
                entries[_slots[index]] = _entries[index];
            (_entries, _slots) = (entries, null);
        }
    }
}
