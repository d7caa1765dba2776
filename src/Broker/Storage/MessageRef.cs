namespace Quintet.Broker.Storage;

/// <summary>
/// One copy of a stored message: the copy of one queue. A message appended for N queues gets N consecutive references and one body on disk.
/// References grow in the order of append, survive restarts and compaction, and are never used twice, so comparing them compares positions in a queue.
/// </summary>
internal readonly record struct MessageRef(ulong Id) : IComparable<MessageRef>
{
    /// <summary>The reference of the copy for <c>queues[index]</c>, asked of the reference that <see cref="MessageStore.Append"/> returned.</summary>
    public MessageRef ForQueue(int index) => new(Id + (ulong)index);

    public int CompareTo(MessageRef other) => Id.CompareTo(other.Id);

    public static bool operator <(MessageRef left, MessageRef right) => left.Id < right.Id;

    public static bool operator >(MessageRef left, MessageRef right) => left.Id > right.Id;

    public static bool operator <=(MessageRef left, MessageRef right) => left.Id <= right.Id;

    public static bool operator >=(MessageRef left, MessageRef right) => left.Id >= right.Id;
}
