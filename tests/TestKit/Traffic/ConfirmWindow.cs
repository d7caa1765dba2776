using System.Diagnostics;

namespace Quintet.TestKit.Traffic;

/// <summary>When each unconfirmed message was sent. Confirms may come singly and out of order, or many at once.</summary>
public sealed class ConfirmWindow
{
    // Far more than may be outstanding: a tag's place is free again long before it is wanted.
    private const int Places = 1 << 16;

    private readonly long[] _sentAt = new long[Places];
    private ulong _lowest = 1;
    private ulong _last;
    private long _confirmed;

    public Latencies Latencies { get; } = new();

    public long Sent => (long)Volatile.Read(ref _last);

    public long Confirmed => Volatile.Read(ref _confirmed);

    public int Outstanding => (int)(Sent - Confirmed);

    /// <summary>False while a message of long ago still waits.</summary>
    public bool HasPlaces(int count) => _last + (ulong)count - _lowest < Places;

    public void Add(long time)
    {
        ulong tag = _last + 1;
        Volatile.Write(ref _sentAt[tag % Places], time);
        Volatile.Write(ref _last, tag);
    }

    public void Confirm(ulong tag, bool multiple)
    {
        long now = Stopwatch.GetTimestamp();
        for (ulong each = multiple ? _lowest : tag; each <= tag; each++) ConfirmOne(each, now);
        while (_lowest <= _last && _sentAt[_lowest % Places] == 0) _lowest++;
    }

    private void ConfirmOne(ulong tag, long now)
    {
        ref long sentAt = ref _sentAt[tag % Places];
        if (sentAt == 0) return;
        Latencies.Add(now - sentAt);
        sentAt = 0;
        Volatile.Write(ref _confirmed, _confirmed + 1);
    }
}
