using System.Collections.Immutable;

namespace Quintet.Registry.Tables;

/// <summary>The keys, and the indexes that removed ones left behind.</summary>
internal sealed record KeyTable
{
    private static readonly KeyRowOrder RowOrder = new();
    private static readonly MarkOrder MarksOrder = new();

    private ImmutableSortedSet<KeyRow> Rows { get; init; } = ImmutableSortedSet.Create<KeyRow>(RowOrder);

    private ImmutableSortedSet<RemovalMark> Removed { get; init; } = ImmutableSortedSet.Create<RemovalMark>(MarksOrder);

    /// <summary>No key's index is below this; it takes the place of removal marks that were given up.</summary>
    public ulong Floor { get; init; } = 1;

    public int Count => Rows.Count;

    /// <summary>Bytes of all values.</summary>
    public long ValueBytes { get; private init; }

    public int RemovedCount => Removed.Count;

    public KeyRow? Find(string key) => Rows.TryGetValue(Probe(key), out KeyRow? row) ? row : null;

    /// <summary>The keys that begin with <paramref name="prefix"/>, in the order of their bytes.</summary>
    public IEnumerable<KeyRow> Under(string prefix)
    {
        int at = Rows.IndexOf(Probe(prefix));
        for (int i = at < 0 ? ~at : at; i < Rows.Count; i++)
        {
            KeyRow row = Rows[i];
            if (!row.Key.StartsWith(prefix, StringComparison.Ordinal)) yield break;
            yield return row;
        }
    }

    /// <summary>Index of the last change of one key.</summary>
    public ulong IndexOf(string key)
    {
        if (Find(key) is { } row) return row.ModifyIndex;
        return Removed.TryGetValue(new RemovalMark(key, 0), out RemovalMark mark) ? Math.Max(mark.Index, Floor) : Floor;
    }

    /// <summary>Index of the last change of any key under a prefix.</summary>
    public ulong IndexUnder(string prefix)
    {
        ulong index = Floor;
        foreach (KeyRow row in Under(prefix)) index = Math.Max(index, row.ModifyIndex);
        int at = Removed.IndexOf(new RemovalMark(prefix, 0));
        for (int i = at < 0 ? ~at : at; i < Removed.Count && Removed[i].Key.StartsWith(prefix, StringComparison.Ordinal); i++)
            index = Math.Max(index, Removed[i].Index);
        return index;
    }

    public KeyTable With(KeyRow row) => this with
    {
        Rows = Rows.Remove(row).Add(row),
        Removed = Removed.Remove(new RemovalMark(row.Key, 0)),
        ValueBytes = ValueBytes + row.Value.Length - (Find(row.Key)?.Value.Length ?? 0),
    };

    public KeyTable Without(string key, ulong index)
    {
        RemovalMark mark = new(key, index);
        return this with
        {
            Rows = Rows.Remove(Probe(key)),
            Removed = Removed.Remove(mark).Add(mark),
            ValueBytes = ValueBytes - (Find(key)?.Value.Length ?? 0),
        };
    }

    /// <summary>
    /// Gives up the older half of the removal marks and raises the floor to the newest of them: waiters on keys never seen may wake
    /// once for nothing, but none can miss a change.
    /// </summary>
    public KeyTable ForgettingOldRemovals()
    {
        List<RemovalMark> byAge = [.. Removed.OrderBy(mark => mark.Index)];
        int kept = byAge.Count / 2;
        ulong floor = byAge.Count == 0 ? Floor : Math.Max(Floor, byAge[byAge.Count - kept - 1].Index);
        return this with { Removed = byAge.Skip(byAge.Count - kept).ToImmutableSortedSet(MarksOrder), Floor = floor };
    }

    public Dictionary<string, ulong> RemovalMarks() => Removed.ToDictionary(mark => mark.Key, mark => mark.Index);

    public IEnumerable<KeyRow> All() => Rows;

    public KeyTable WithRemovalMarks(IReadOnlyDictionary<string, ulong> marks) =>
        this with { Removed = marks.Select(pair => new RemovalMark(pair.Key, pair.Value)).ToImmutableSortedSet(MarksOrder) };

    private static KeyRow Probe(string key) => new() { Key = key };

    private readonly record struct RemovalMark(string Key, ulong Index);

    private sealed class KeyRowOrder : IComparer<KeyRow>
    {
        public int Compare(KeyRow? x, KeyRow? y) => KeyOrder.Instance.Compare(x?.Key, y?.Key);
    }

    private sealed class MarkOrder : IComparer<RemovalMark>
    {
        public int Compare(RemovalMark x, RemovalMark y) => KeyOrder.Instance.Compare(x.Key, y.Key);
    }
}
