using Quintet.Broker.Queues;

namespace Quintet.Broker.Connections.Consumers;

/// <summary>
/// What a channel has delivered and not got settled, by delivery tag. Tags grow, so a ring of slots is enough: settled ones become holes
/// until they reach the front. Not thread-safe; guarded by its channel.
/// </summary>
internal sealed class UnackedMessages
{
    private Slot[] _slots = new Slot[16];
    private int _first;
    private int _used;

    public int Count { get; private set; }

    /// <summary>The tag added last.</summary>
    public ulong LastTag { get; private set; }

    public void Add(in UnackedMessage message)
    {
        if (_used == _slots.Length) Grow();
        _slots[(_first + _used++) & (_slots.Length - 1)] = new Slot { Message = message, IsOpen = true };
        Count++;
        LastTag = message.DeliveryTag;
    }

    /// <summary>Moves the message of that tag, or all up to it, to <paramref name="taken"/>; false when the tag is not outstanding.</summary>
    /// <param name="tag">With <paramref name="multiple"/>, 0 means all (AMQP 0-9-1 §1.8.3.13).</param>
    /// <param name="multiple">All up to and including the tag.</param>
    /// <param name="taken">Gets them in the order of delivery.</param>
    public bool TryTake(ulong tag, bool multiple, List<UnackedMessage> taken)
    {
        if (multiple && tag == 0)
        {
            while (Count > 0) TakeFirst(taken);
            return true;
        }

        int index = IndexOf(tag);
        if (index < 0) return false;
        if (multiple)
        {
            ulong upTo = tag;
            while (Count > 0 && FirstTag <= upTo) TakeFirst(taken);
            return true;
        }

        ref Slot slot = ref _slots[(_first + index) & (_slots.Length - 1)];
        taken.Add(slot.Message);
        slot = slot with { Message = new UnackedMessage(tag, null!, null, default), IsOpen = false };
        Count--;
        TrimFront();
        return true;
    }

    /// <summary>The first of those up to a tag, in the order of delivery, that fits; null when none does.</summary>
    public UnackedMessage? Find(ulong upTo, Func<UnackedMessage, bool> isWanted)
    {
        for (int index = 0; index < _used; index++)
        {
            ref Slot slot = ref _slots[(_first + index) & (_slots.Length - 1)];
            if (slot.Message.DeliveryTag > upTo) return null;
            if (slot.IsOpen && isWanted(slot.Message)) return slot.Message;
        }

        return null;
    }

    private ulong FirstTag => _slots[_first].Message.DeliveryTag;

    private void TakeFirst(List<UnackedMessage> taken)
    {
        TrimFront();
        taken.Add(_slots[_first].Message);
        _slots[_first] = default;
        _first = (_first + 1) & (_slots.Length - 1);
        _used--;
        Count--;
        TrimFront();
    }

    private void TrimFront()
    {
        while (_used > 0 && !_slots[_first].IsOpen)
        {
            _slots[_first] = default;
            _first = (_first + 1) & (_slots.Length - 1);
            _used--;
        }
    }

    // Tags in the ring grow but skip those of messages sent without acknowledgement.
    private int IndexOf(ulong tag)
    {
        int low = 0, high = _used - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ref Slot slot = ref _slots[(_first + middle) & (_slots.Length - 1)];
            if (slot.Message.DeliveryTag == tag) return slot.IsOpen ? middle : -1;
            if (slot.Message.DeliveryTag < tag) low = middle + 1;
            else high = middle - 1;
        }

        return -1;
    }

    private void Grow()
    {
        Slot[] larger = new Slot[_slots.Length * 2];
        for (int index = 0; index < _used; index++) larger[index] = _slots[(_first + index) & (_slots.Length - 1)];
        _slots = larger;
        _first = 0;
    }

    private record struct Slot(UnackedMessage Message, bool IsOpen);
}
