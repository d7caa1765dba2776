using System.Collections.Concurrent;
using System.Globalization;

namespace Quintet.Conformance.Drill;

/// <summary>One message of the drill: who published it, and its number there.</summary>
internal readonly record struct Item(int Publisher, int Number)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Publisher}/{Number}");

    public static Item Parse(string text) =>
        text.Split('/') is [var publisher, var number]
            ? new Item(int.Parse(publisher, CultureInfo.InvariantCulture), int.Parse(number, CultureInfo.InvariantCulture))
            : throw new FormatException($"'{text}' is no message of the drill");
}

/// <summary>What the clients of one queue know: each entry is made when the client has the broker's word for it, and not before.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<Item, byte> _sent = [];
    private readonly ConcurrentDictionary<Item, byte> _confirmed = [];
    private readonly ConcurrentDictionary<Item, byte> _acked = [];
    private readonly ConcurrentDictionary<Item, byte> _settled = [];
    private readonly ConcurrentQueue<(string Session, Item Item, bool IsRedelivered)> _deliveries = [];

    public int Confirmed => _confirmed.Count;

    public int Settled => _settled.Count;

    /// <summary>About to be published: whatever happens now, it may come out of the queue.</summary>
    public void Sent(Item item) => _sent[item] = 0;

    public void Confirm(Item item) => _confirmed[item] = 0;

    public void Deliver(string session, Item item, bool isRedelivered) => _deliveries.Enqueue((session, item, isRedelivered));

    /// <summary>The ack was sent; nothing says yet that it has arrived.</summary>
    public void Ack(Item item) => _acked[item] = 0;

    /// <summary>The broker has answered something that was asked after the ack on the same channel, and syncs in order: the ack is on disk.</summary>
    public void Settle(Item item) => _settled[item] = 0;

    /// <summary>Compares with what an independent client found in the queue at the end; gives every broken promise in a sentence.</summary>
    public List<string> Check(IReadOnlyList<Item> drained)
    {
        List<string> broken = [];
        HashSet<Item> left = [.. drained];
        foreach (Item item in _confirmed.Keys)
            if (!left.Contains(item) && !_acked.ContainsKey(item)) broken.Add($"{item} was confirmed and is lost");
        foreach (Item item in left)
        {
            if (!_sent.ContainsKey(item)) broken.Add($"{item} was never published");
            if (_settled.ContainsKey(item)) broken.Add($"{item} was acknowledged for certain and is still there");
        }

        foreach (IGrouping<Item, Item> twice in drained.GroupBy(item => item).Where(group => group.Count() > 1))
            broken.Add($"{twice.Key} is there {twice.Count()} times");
        foreach (IGrouping<Item, (string, Item Item, bool)> again in _deliveries.Where(delivery => !delivery.IsRedelivered).GroupBy(delivery => delivery.Item))
            if (again.Count() > 1) broken.Add($"{again.Key} was delivered {again.Count()} times as if for the first time");
        RequireOrder("the drained queue", drained, broken);
        foreach (var session in _deliveries.Where(delivery => !delivery.IsRedelivered).GroupBy(delivery => delivery.Session))
            RequireOrder(session.Key, [.. session.Select(delivery => delivery.Item)], broken);
        return broken;
    }

    private static void RequireOrder(string where, IReadOnlyList<Item> items, List<string> broken)
    {
        Dictionary<int, int> last = [];
        foreach (Item item in items)
        {
            if (last.TryGetValue(item.Publisher, out int before) && before > item.Number)
                broken.Add($"{where}: {item} came after {before} of the same publisher");
            last[item.Publisher] = item.Number;
        }
    }
}
